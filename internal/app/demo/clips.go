package demo

// clip is a short video of a stall: a ware of its own, seen from near, and what
// its owner says of it in one language.
type clip struct {
	picture string // of the ware it sells
	zh      bool   // the owner speaks Chinese here
	words   string
	topics  []string
}

func en(picture, words string, topics ...string) clip { return clip{picture, false, words, topics} }
func zh(picture, words string, topics ...string) clip { return clip{picture, true, words, topics} }

// filming says how a stall films: its first look, how many it goes on from clip
// to clip, and whether its first, third ... and its second, fourth ... clips are
// mirrored. Chosen so that hardly two clips look alike to the market.
var filming = map[string]struct {
	first, step int
	mirror      [2]bool
}{
	fishStall: {0, 1, [2]bool{}}, bookStall: {0, 1, [2]bool{}}, "graces-greens": {0, 1, [2]bool{}}, "holm-sons": {1, 1, [2]bool{}},
	"sums-ms-okafor": {0, 1, [2]bool{true, true}}, "cool-corner": {4, 3, [2]bool{}}, "second-kettle": {4, 3, [2]bool{true, false}},
	"tariks-garage": {0, 1, [2]bool{}}, "linden-soap": {6, 5, [2]bool{}}, "a-quiet-hour": {0, 1, [2]bool{false, true}},
	"harbour-wheels": {2, 5, [2]bool{true, true}}, "mill-street-homes": {0, 1, [2]bool{}}, "hill-bakery": {9, 3, [2]bool{true, true}},
}

// clips are what the stalls have posted, by slug, the oldest first.
var clips = map[string][]clip{
	fishStall: {
		en("hake", "Three ways to tell that a hake came in last night: the eye, the gill, the smell of nothing.", "fish", "freshness"),
		zh("crab", "挑蟹看三处：肚脐、腿毛、分量。越沉越满。", "海鲜", "挑选"),
		en("mackerel", "Hand line off the pier head, four in the morning. No net, no bycatch.", "fish", "boats"),
		en("prawns", "Raw prawns are grey. If they are pink, someone has cooked them for you.", "seafood", "freshness"),
		zh("bream", "真鲷刮鳞不伤皮：从尾往头，刀背走。", "海鲜", "刀工"),
		en("mussels", "Knock on it. A living mussel closes its door.", "seafood", "kitchen"),
		zh("croaker", "大黄鱼清蒸八分钟，水开再上锅。", "海鲜", "家常菜"),
		en("crab", "Crab for two in one pan: butter, garlic, twelve minutes.", "seafood", "kitchen"),
		en("mackerel", "Scoring the skin keeps a mackerel flat on the grill. Five cuts, not deeper than a nail.", "fish", "kitchen"),
		zh("mussels", "贻贝吐沙不用盐，冰水放半小时就好。", "海鲜", "家常菜"),
		en("bream", "What we do with the bones: a stock for eight, for nothing.", "fish", "kitchen"),
		zh("prawns", "白灼虾的关键：水里一片姜，虾一变色就关火。", "海鲜", "家常菜"),
		en("hake", "Ice below, ice above, never water. How we keep fish from night to noon.", "fish", "stall"),
		en("croaker", "Steam it whole. The head tells you when it is done.", "fish", "kitchen"),
	},
	bookStall: {
		en("atlas", "Two of these sixty plates were coloured by hand. Can you see which?", "maps", "old books"),
		zh("book", "旧书的瑕疵我们都写下来：这一本，首页有个名字。", "旧书", "阅读"),
		en("novel", "The first page of Night Ferry, read at the counter.", "reading", "sea"),
		zh("primer", "三十课看懂海图。第一课：水深的数字从哪儿量起？", "海图", "学习"),
		en("book", "How salt got inland, in one minute and one map.", "history", "reading"),
		en("atlas", "Mending a spine: wheat paste, Japanese paper, patience.", "repair", "old books"),
		zh("novel", "五月在店里签名的那个晚上，外面下雨，来了四十个人。", "阅读", "故事"),
		en("primer", "Test yourself: which of these two lights is the harbour?", "maps", "learning"),
		zh("atlas", "1911 年的港口，和今天比一比：码头往外走了三百米。", "海图", "历史"),
		en("novel", "Why we do not wrap books in plastic.", "stall", "reading"),
		en("book", "A book that smells of smoke can be saved. Baking soda, a box, two weeks.", "repair", "old books"),
	},
	"graces-greens": {
		en("tomato", "First plum tomatoes, and how to tell ripe ones.", "vegetables", "freshness"),
		zh("honey", "蜂蜜结晶不是坏了，是真的。温水化开，别超过四十度。", "蜂蜜", "常识"),
		en("tomato", "Sauce from one kilo: halve, salt, oven, forget for an hour.", "vegetables", "kitchen"),
		en("honey", "The hives stand between our apple trees. This is a quiet day.", "bees", "farm"),
		zh("tomato", "李子番茄去皮：划十字，开水十秒。", "蔬菜", "家常菜"),
		en("tomato", "The crooked ones cost half. They cook the same.", "vegetables", "stall"),
		zh("honey", "早上一勺蜂蜜，配酸面包最好。", "蜂蜜", "早餐"),
		en("honey", "What a beekeeper does in November: listens.", "bees", "farm"),
		en("tomato", "Keep tomatoes out of the fridge. A minute on why.", "vegetables", "kitchen"),
	},
	"holm-sons": {
		en("beef", "Rib of beef: why it stays on the bone.", "meat", "craft"),
		zh("beef", "牛肋排怎么选：看脂肪花纹，白不是黄。", "肉类", "挑选"),
		en("beef", "Twenty-eight days in the cold room, in half a minute.", "meat", "craft"),
		en("beef", "Take it out two hours before. That is the whole secret.", "meat", "kitchen"),
		zh("beef", "炖牛肉不用焯水：冷水泡一小时，换两次。", "肉类", "家常菜"),
		en("beef", "Sharpening a boning knife, ten strokes a side.", "craft", "tools"),
		en("beef", "The farm is nine kilometres away. Here is the gate.", "farm", "meat"),
		zh("beef", "剩下的骨头熬汤，小火四个钟头。", "肉类", "家常菜"),
		en("beef", "Cut against the grain, and see what happens when you do not.", "meat", "kitchen"),
	},
	"sums-ms-okafor": {
		en("bread", "Half of a half: one loaf, two cuts, no tears.", "maths", "children"),
		zh("bread", "三分之一比四分之一大吗？切给你看。", "数学", "孩子"),
		en("bread", "The question every eight-year-old gets wrong, and why that is good.", "maths", "learning"),
		en("bread", "Adding fractions when the slices do not match.", "maths", "children"),
		zh("bread", "不背公式学通分：先把面包切成一样大。", "数学", "学习"),
		en("bread", "What we do in lesson one. Bring an apron.", "learning", "children"),
		en("bread", "Ten minutes a day beats an hour on Sunday. My own figures.", "learning", "parents"),
		zh("bread", "家长问得最多的问题：孩子怕数学怎么办？", "家长", "学习"),
		en("bread", "Nine tenths of a loaf, and who took the tenth.", "maths", "story"),
	},
	"cool-corner": {
		zh("air", "空调滤网自己洗：拆、冲、晾，十分钟。", "空调", "清洁"),
		en("air", "How big must it be? Length times width, and one question about the roof.", "cooling", "advice"),
		zh("fan", "二十八分贝有多安静？听一下。", "电器", "测试"),
		en("fan", "Three speeds, measured with a meter, not with words.", "cooling", "test"),
		zh("air", "外机离墙三十厘米，原因在这里。", "空调", "安装"),
		en("air", "What fitting costs and what is in it, line by line.", "cooling", "prices"),
		zh("air", "冬天制热不够？先看这根管。", "空调", "维修"),
		en("fan", "A fan does not cool a room. It cools you. Turn it off when you leave.", "cooling", "advice"),
		zh("fan", "夏天前把电机上一滴油。", "电器", "保养"),
	},
	"second-kettle": {
		en("kettle", "New element, old charm: what is inside a kettle from 1988.", "repair", "appliances"),
		zh("kettle", "水垢别刮，一勺柠檬酸煮开就好。", "电器", "清洁"),
		en("fan", "Four screws, a drop of oil, twenty more years.", "repair", "appliances"),
		en("kettle", "Four minutes to the boil. We time every one.", "test", "appliances"),
		zh("fan", "翻新台扇的安全检测：绝缘、接地、外壳。", "维修", "安全"),
		en("kettle", "The noise before it boils is steam falling back. Listen.", "science", "appliances"),
		en("fan", "Why I mark every screw with the place it came from.", "repair", "craft"),
		zh("kettle", "修一个水壶，比买新的省多少电和铁？", "维修", "环保"),
		en("fan", "Before and after. The colour is the original.", "repair", "before and after"),
	},
	"tariks-garage": {
		en("brake", "Under 22 mm and this disc is finished. Here is how you measure it yourself.", "cars", "safety"),
		zh("brake", "刹车片还剩多少？不拆轮也看得见。", "汽车", "安全"),
		en("brake", "That squeal: dust, or the end? Two seconds to find out.", "cars", "advice"),
		en("brake", "Old brake fluid, new brake fluid, side by side.", "cars", "safety"),
		zh("brake", "换刹车油为什么要两个人。", "汽车", "保养"),
		en("brake", "What stands on the paper you get from us, and what each number means.", "cars", "prices"),
		en("brake", "Winter tyres: the coin test does not work. This does.", "cars", "winter"),
		zh("brake", "冬天打不着火，先量电瓶。", "汽车", "冬天"),
		en("brake", "The sound of a good bearing, and of a bad one.", "cars", "advice"),
	},
	"linden-soap": {
		en("cream", "Hand cream in four steps: wax, oil, water, wait.", "craft", "skin"),
		zh("soap", "海水里也起泡，试给你看。", "手工皂", "测试"),
		en("soap", "Soap has to rest for six weeks. This is week five.", "craft", "soap"),
		en("cream", "No perfume. What you smell is beeswax.", "skin", "ingredients"),
		zh("cream", "护手霜什么时候涂最有用？洗完三分钟内。", "护肤", "常识"),
		en("soap", "Cutting forty bars with one wire.", "craft", "soap"),
		zh("soap", "肥皂放网上晾，能多用一半时间。", "手工皂", "省钱"),
		en("cream", "The whole list of ingredients fits on a thumb. Read along.", "skin", "ingredients"),
		en("soap", "Linden flowers, dried in June, in November soap.", "soap", "farm"),
	},
	"a-quiet-hour": {
		en("cup", "What happens in the first ten minutes. Mostly tea.", "talk", "advice"),
		zh("cup", "想哭的时候，先喝口水。", "倾诉", "情绪"),
		en("cup", "You do not have to know what to say.", "talk", "feelings"),
		en("cup", "A short exercise for a loud day: five things you can see.", "calm", "exercise"),
		zh("cup", "睡不着的晚上，把担心写下来放进抽屉。", "睡眠", "情绪"),
		en("cup", "When friends are not enough, and when they are.", "talk", "advice"),
		en("cup", "This is the room. The window looks at the harbour.", "talk", "place"),
		zh("cup", "一次谈话多少钱，谈什么，不谈什么。", "倾诉", "价格"),
		en("cup", "Breathing out longer than in. Four times, together.", "calm", "exercise"),
	},
	"harbour-wheels": {
		en("car", "The scratch on the left door, as close as the camera goes.", "cars", "honesty"),
		zh("car", "二手车看这五处，不用懂车。", "汽车", "挑选"),
		en("car", "Cold start, no cut. Listen to the first ten seconds.", "cars", "test"),
		en("car", "78,400 km and the papers that prove it.", "cars", "honesty"),
		zh("car", "定金和订金差一个字，差很多。", "汽车", "常识"),
		en("car", "Boot, pram, two crates of mussels. It fits.", "cars", "family"),
		en("car", "Why we do not polish the engine bay.", "cars", "honesty"),
		zh("car", "试驾的路线：石头路、坡、环岛。", "汽车", "试驾"),
		en("car", "Rust hides here. We look with a mirror, so can you.", "cars", "advice"),
	},
	"mill-street-homes": {
		en("house", "Forty minutes with the keys: what to look at first.", "homes", "advice"),
		zh("house", "看房别先看厨房，先看墙角。", "房子", "挑选"),
		en("house", "The garden at noon in November. That is all the sun there is.", "homes", "honesty"),
		en("house", "Reading a survey report in one minute.", "homes", "learning"),
		zh("house", "老房子的窗：换还是修？算一下。", "房子", "维修"),
		en("house", "How far is the school? We walked it with a seven-year-old.", "homes", "family"),
		en("house", "Water pressure on the top floor, measured with a bucket.", "homes", "test"),
		zh("house", "下雨天带你看房，漏不漏一目了然。", "房子", "实话"),
		en("house", "What the heating cost last winter, month by month.", "homes", "prices"),
	},
	"hill-bakery": {
		en("bread", "Two in the morning: the first fold.", "bread", "craft"),
		zh("bread", "酸面包的酸从哪儿来？养了九年的面种。", "面包", "手艺"),
		en("bread", "Knock on the bottom. Hollow means done.", "bread", "kitchen"),
		en("cup", "The cups we use ourselves, and the potter who makes them.", "craft", "stall"),
		zh("bread", "面包放三天还好吃的办法：切面朝下，别进冰箱。", "面包", "常识"),
		en("bread", "Rye, wheat, water, salt. The list is finished.", "bread", "ingredients"),
		en("bread", "Yesterday's loaf is half price, and better toast.", "bread", "prices"),
		zh("cup", "陶杯为什么不烫手？看壁厚。", "手艺", "陶器"),
		en("bread", "Scoring a loaf: one cut, at this angle.", "bread", "craft"),
	},
}
