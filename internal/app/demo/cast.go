package demo

import "github.com/openstall/openstall/internal/kit/text"

// player is a person of the demo market; the address ends in @demo.market.
type player struct {
	login  string
	name   string
	locale string
	works  string // slug of the shop, if any
	role   string // owner, controller, service
}

func (p player) email() string { return p.login + "@demo.market" }

// cast are the people of the market. Shoppers come after the stalls.
var cast = []player{
	{"op", "Olive Brandt", "en", "", ""},
	{"nell", "Nell", "en", "marlows-fish", "owner"},
	{"kofi", "Kofi", "en", "marlows-fish", "controller"},
	{"ines", "Ines", "en", "marlows-fish", "service"},
	{"mira", "Mira", "en", "page-spine", "owner"},
	{"lin", "小林", "zh", "page-spine", "controller"},
	{"grace", "Grace", "en", "graces-greens", "owner"},
	{"holm", "Anders Holm", "en", "holm-sons", "owner"},
	{"okafor", "Ms Okafor", "en", "sums-ms-okafor", "owner"},
	{"chen", "老陈", "zh", "cool-corner", "owner"},
	{"piotr", "Piotr", "en", "second-kettle", "owner"},
	{"tarik", "Tarik", "en", "tariks-garage", "owner"},
	{"linde", "Ida Linde", "en", "linden-soap", "owner"},
	{"amara", "Amara", "en", "a-quiet-hour", "owner"},
	{"joao", "João", "en", "harbour-wheels", "owner"},
	{"petra", "Petra", "en", "mill-street-homes", "owner"},
	{"hill", "Hanna Hill", "en", "hill-bakery", "owner"},
	{"rosa", "Rosa M.", "en", "", "shopper"},
	{"ana", "Ana", "en", "", "shopper"},
	{"yusuf", "Yusuf", "en", "", "shopper"},
	{"piet", "Piet V.", "en", "", "shopper"},
	{"lena", "Lena K.", "en", "", "shopper"},
	{"ben", "Ben S.", "en", "", "shopper"},
	{"mei", "小梅", "zh", "", "shopper"},
	{"xiaoan", "小安", "zh", "", "shopper"},
	{"ayong", "阿勇", "zh", "", "shopper"},
}

// stall is a shop of the demo market.
type stall struct {
	slug    string // what the name becomes; checked
	name    text.Local
	about   text.Local
	pack    string
	stall   string
	color   string
	cover   string // picture
	legal   string
	number  string // of the licence
	address string
	parcel  int64 // minor units; 0: collect only
	goods   []ware
}

// ware is a product of a stall.
type ware struct {
	picture string
	title   text.Local
	about   text.Local
	weight  bool
	price   int64 // minor units
	was     int64 // an earlier price, if any
	stock   int64 // pieces or grams; 0 for a course without a limit
	fields  map[string]string
}

func both(en, zh string) text.Local { return text.Both(en, zh) }

// Slugs of the stalls with shows.
const (
	fishStall = "marlows-fish"
	bookStall = "page-spine"
)

var stalls = []stall{
	{
		slug: fishStall, pack: "fish", stall: "12", color: "#0F5B4A", cover: "scene-stall", parcel: 690,
		name:  both("Marlow’s Fish", "阿珍水产"),
		about: both("What the small boats land at night, sold the same day. We clean and cut as you like.", "小船夜里捕的鱼，当天卖完。可以代为清洗切好。"),
		legal: "Marlow Fish Ltd", number: "HRB 20417", address: "Fish Hall, stall 12, Harbour Road 1",
		goods: []ware{
			{"hake", both("Hake, whole", "整条鳕鱼"), both("Firm and mild. One fish feeds three; we take the head off on request.", "肉质紧实，味道清淡。一条够三个人吃，可以去头。"), true, 1490, 0, 20_000,
				wild("European hake (Merluccius merluccius) 鳕鱼", "North-east Atlantic, Celtic Sea 东北大西洋", "longline 延绳钓", "chilled", "Fish 鱼类")},
			{"crab", both("Brown crab, live", "鲜活面包蟹"), both("Heavy for their size, full of meat. Keep them cold and cook them today.", "个头沉，肉满。请低温保存，当天煮。"), false, 980, 0, 24,
				wild("Brown crab (Cancer pagurus) 面包蟹", "North Sea 北海", "pots 蟹笼", "live", "Crustaceans 甲壳类")},
			{"mackerel", both("Mackerel, line-caught", "手钓鲭鱼"), both("Caught on the hand line off the pier head. Fat in November, made for the grill.", "防波堤外手钓。十一月最肥，适合烤。"), true, 1250, 1380, 40_000,
				wild("Atlantic mackerel (Scomber scombrus) 鲭鱼", "North Sea 北海", "hand line 手钓", "chilled", "Fish 鱼类")},
			{"prawns", both("Prawns, raw", "鲜明虾"), both("Landed raw, never frozen. Twelve to fifteen a kilo quarter.", "生鲜未冻。每半斤约十二到十五只。"), true, 1800, 0, 12_000,
				wild("Common prawn (Palaemon serratus) 明虾", "Channel 英吉利海峡", "pots 虾笼", "chilled", "Crustaceans 甲壳类")},
			{"bream", both("Red bream", "真鲷"), both("Sweet and fine. About 900 g each, good for the oven.", "肉甜细嫩，每条约 900 克，适合烤箱。"), true, 1640, 0, 11_000,
				wild("Red sea bream (Pagellus bogaraveo) 真鲷", "North-east Atlantic 东北大西洋", "hand line 手钓", "chilled", "Fish 鱼类")},
			{"mussels", both("Mussels, rope-grown", "养殖贻贝"), both("Grown on ropes in the bay, cleaned twice. One kilo for two.", "海湾绳养，洗过两遍。两人一公斤。"), true, 650, 0, 25_000,
				farmed("Blue mussel (Mytilus edulis) 贻贝", "Harbour Bay 港湾", "live", "Molluscs 软体动物")},
			{"croaker", both("Yellow croaker", "大黄鱼"), both("For steaming. Farmed in deep water, chilled within the hour.", "清蒸最好。深水养殖，一小时内冰鲜。"), true, 1920, 0, 8_000,
				farmed("Large yellow croaker (Larimichthys crocea) 大黄鱼", "East China Sea 东海", "chilled", "Fish 鱼类")},
		},
	},
	{
		slug: bookStall, pack: "books", stall: "31", color: "#6B2A4A", cover: "scene-bookshop", parcel: 390,
		name:  both("Page & Spine", "旧页书屋"),
		about: both("Old maps, sea stories and books that have been read. Each has its faults written down.", "旧地图、航海故事和读过的书。每一处瑕疵都写明。"),
		legal: "Mira Stein, Books", number: "HRA 8802", address: "Mill Street 4",
		goods: []ware{
			{"atlas", both("Harbour atlas, 1911", "港口地图集 1911"), both("Sixty plates, two of them coloured by hand. The spine was mended.", "六十幅图，其中两幅手工上色。书脊修补过。"), false, 14_500, 0, 1,
				book("Admiralty survey 海军测绘局", "", "worn", "1911", "132", false)},
			{"book", both("The Salt Roads", "《盐路》"), both("How salt found its way inland. Clean copy with a name on the first page.", "讲盐怎样运到内陆。书况好，首页有签名。"), false, 1_900, 2_200, 14,
				book("Elena Varga", "9783161484100", "good", "1998", "304", false)},
			{"novel", both("Night Ferry, signed", "《夜渡》签名本"), both("A crossing, a stranger and a lost watch. Signed on our counter in May.", "一次渡海、一个陌生人、一块丢失的表。五月在本店签名。"), false, 2_400, 0, 8,
				book("Tomas Reed", "9780306406157", "new", "2026", "288", true)},
			{"primer", both("A First Chart Book", "《海图入门》"), both("Reading charts in thirty short lessons, with exercises nobody has filled in.", "三十课学会看海图，练习题都是空白的。"), false, 1_250, 0, 20,
				book("C. A. Lowe", "", "as_new", "1974", "96", false)},
		},
	},
	{
		slug: "graces-greens", pack: "veg", stall: "7", color: "#3F5B1C", cover: "scene-greengrocer", parcel: 0,
		name:  both("Grace’s Greens", "鲜得来蔬果"),
		about: both("Picked in the morning, gone by evening. Ask what is ripe today.", "早上采，傍晚卖完。今天什么熟了，问我就知道。"),
		legal: "Grace Mensah", number: "GEW 1177", address: "Market Hall, stall 7",
		goods: []ware{
			{"tomato", both("Plum tomatoes", "李子番茄"), both("The first of the late sowing. Firm, for sauce.", "晚播的第一批，肉厚，适合做酱。"), true, 420, 0, 60_000, nil},
			{"honey", both("Orchard honey, 500 g", "果园蜂蜜 500 克"), both("From the hives between our apple trees.", "蜂箱就在苹果树之间。"), false, 780, 0, 30, nil},
		},
	},
	{
		slug: "holm-sons", pack: "meat", stall: "9", color: "#8A3324", cover: "beef", parcel: 0,
		name:  both("Holm & Sons", "霍姆肉铺"),
		about: both("Beef from four farms we can name. Hung for three weeks.", "牛肉来自四家农场，家家说得出名字。排酸三周。"),
		legal: "Holm & Sons OHG", number: "HRA 5120", address: "Market Hall, stall 9",
		goods: []ware{
			{"beef", both("Rib of beef", "肋排牛肉"), both("On the bone, cut to the weight you ask for.", "带骨，按你要的重量切。"), true, 2890, 0, 18_000, map[string]string{"animal": "beef", "cut": "Rib, on the bone", "origin": "Holstein, four farms", "state": "chilled", "certificate": "DE SH-1127"}},
		},
	},
	{
		slug: "sums-ms-okafor", pack: "courses", stall: "", color: "#1C567F", cover: "scene-classroom", parcel: 0,
		name:  both("Sums, Ms Okafor", "陈老师算术课"),
		about: both("Arithmetic with things you can hold. Small groups, no homework on Fridays.", "用看得见摸得着的东西学算术。小班，周五没有作业。"),
		legal: "Ngozi Okafor", number: "GEW 2031", address: "School Lane 2, first floor",
		goods: []ware{
			{"bread", both("Fractions with bread, 3 lessons", "一块面包学分数，三节课"), both("For ages 8 to 10, at your own table. You may eat the examples.", "8 到 10 岁，在家就能学。例题可以吃掉。"), false, 4_800, 0, 0, map[string]string{"level": "beginner", "teacher": "Ngozi Okafor", "licence": "Primary school teacher, Hamburg 2009", "access_days": "365", "needs": "A loaf of bread, a knife, somebody who is allowed to use it"}},
		},
	},
	{
		slug: "cool-corner", pack: "air", stall: "40", color: "#2B5D66", cover: "air", parcel: 0,
		name:  both("Cool Corner", "清凉角空调"),
		about: both("Split units and honest advice. We measure the room before we sell.", "分体空调，实话实说。先量房间再卖机器。"),
		legal: "Cool Corner GmbH", number: "HRB 9916", address: "Quay 3",
		goods: []ware{
			{"air", both("Split unit 2.5 kW", "分体空调 2.5 千瓦"), both("For a room of up to 25 square metres. Fitting is agreed on separately.", "适合 25 平方米以内的房间。安装另约。"), false, 64_900, 0, 6, map[string]string{"model": "CC-25", "energy": "A", "power_kw": "2.5", "room_sqm": "25", "refrigerant": "R32", "noise_db": "21", "installation": "extra", "warranty_months": "24"}},
			{"fan", both("Desk fan, quiet", "静音台扇"), both("Three speeds, 28 decibels on the lowest.", "三档风速，最低档 28 分贝。"), false, 3_400, 0, 25, map[string]string{"model": "Breeze 3", "energy": "A", "room_sqm": "12", "noise_db": "28", "installation": "none", "warranty_months": "24"}},
		},
	},
	{
		slug: "second-kettle", pack: "appliances", stall: "18", color: "#4A3B7C", cover: "kettle", parcel: 590,
		name:  both("Second Kettle", "二手电器铺"),
		about: both("Household appliances, repaired and tested, one year of guarantee.", "修好测过的家用电器，保修一年。"),
		legal: "Piotr Nowak", number: "GEW 3340", address: "Mill Street 11",
		goods: []ware{
			{"kettle", both("Kettle, 1.7 litres", "电水壶 1.7 升"), both("New element, old charm. Boils in four minutes.", "发热盘换新，外观复古。四分钟烧开。"), false, 2_600, 0, 9, map[string]string{"brand": "Nowak", "model": "K 17", "condition": "repaired", "watts": "2200", "warranty_months": "12"}},
			{"fan", both("Table fan, serviced", "翻新台扇"), both("Cleaned, oiled and measured for safety.", "清洁、上油、安全检测。"), false, 1_900, 0, 7, map[string]string{"brand": "Alma", "model": "T 30", "condition": "repaired", "watts": "40", "warranty_months": "12"}},
		},
	},
	{
		slug: "tariks-garage", pack: "repair", stall: "", color: "#7A3E12", cover: "scene-garage", parcel: 0,
		name:  both("Tarik’s Garage", "老唐修车"),
		about: both("We show you the part before we change it.", "换件之前先给你看旧件。"),
		legal: "Tarik Aydin KFZ", number: "HWK 7781", address: "Bay 3, Mill Street",
		goods: []ware{
			{"brake", both("Brake check, 30 minutes", "刹车检测 30 分钟"), both("Discs, pads and fluid, with the measured figures on paper.", "刹车盘、片、油，测量数据写给你。"), false, 2_900, 0, 12, map[string]string{"work": "Discs, pads, fluid and hand brake measured", "vehicle": "Cars and vans up to 3.5 t", "minutes": "30", "parts": "extra", "warranty_months": "12", "bay": "3"}},
		},
	},
	{
		slug: "linden-soap", pack: "cosmetics", stall: "22", color: "#6B2A4A", cover: "cream", parcel: 390,
		name:  both("Linden Soap", "菩提香皂坊"),
		about: both("Soap and creams boiled in small kettles. The full list of contents is on each label.", "小锅手工皂和面霜，全部成分印在标签上。"),
		legal: "Ida Linde", number: "GEW 4102", address: "Market Hall, stall 22",
		goods: []ware{
			{"cream", both("Hand cream, 50 ml", "护手霜 50 毫升"), both("Beeswax, almond oil, no perfume.", "蜂蜡和杏仁油，不加香精。"), false, 900, 0, 40, map[string]string{"contents": "50 ml", "ingredients": "Prunus amygdalus dulcis oil, cera alba, aqua, glycerin", "filing": "CPNP 3417720", "maker": "Ida Linde, Market Hall", "opened_months": "6"}},
			{"soap", both("Linden soap bar", "菩提香皂"), both("Lathers in sea water too.", "海水里也能起泡。"), false, 450, 0, 80, map[string]string{"contents": "95 g", "ingredients": "Sodium olivate, sodium cocoate, aqua, tilia cordata flower", "filing": "CPNP 3417731", "maker": "Ida Linde, Market Hall", "opened_months": "12"}},
		},
	},
	{
		slug: "a-quiet-hour", pack: "consulting", stall: "", color: "#4A3B7C", cover: "talk", parcel: 0,
		name:  both("A Quiet Hour", "静听一小时"),
		about: both("Talks about what weighs on you. Not a doctor’s practice.", "聊聊压在心里的事。这里不是诊所。"),
		legal: "Amara Diallo", number: "GEW 5518", address: "School Lane 9",
		goods: []ware{
			{"cup", both("One hour of talk", "一小时谈话"), both("In the room above the tea shop. Tea is included.", "茶馆楼上的房间，茶已包含。"), false, 5_500, 0, 10, map[string]string{"practitioner": "Amara Diallo", "licence": "Diploma in counselling, School of Social Work", "method": "Conversation", "minutes": "60", "where": "room", "limits": "Not medical treatment. In an emergency call the emergency number."}},
		},
	},
	{
		slug: "harbour-wheels", pack: "cars", stall: "", color: "#8A3324", cover: "car", parcel: 0,
		name:  both("Harbour Wheels", "港湾二手车"),
		about: both("Used cars with their history. You can bring your own mechanic.", "二手车，来历清楚。可以带师傅来看。"),
		legal: "João Silva Automóveis", number: "HRB 11870", address: "Quay 8",
		goods: []ware{
			{"car", both("Hatchback 2016, red", "2016 年红色两厢车"), both("78,400 km, two owners, one scratch on the left door. Drive it before you decide.", "7.84 万公里，两任车主，左门一处划痕。先试驾再决定。"), false, 642_000, 0, 1, map[string]string{
				"dealer": "João Silva Automóveis", "model": "Hatchback 1.2", "registered": "2016-05-12", "mileage_km": "78400", "odometer": "records", "owners": "2", "vin": "VF1BR0K0H55120417",
				"damage": "One scratch on the left door; nothing else known 左门一处划痕，其余未发现", "inspection": "Examined on 2 November 2026, report 8-1142 2026 年 11 月 2 日检测，报告 8-1142",
				"price_includes": "All fees and the registration 含全部费用和上牌", "warranty": "12 months on engine and gearbox 发动机变速箱质保 12 个月", "fuel": "petrol", "gearbox": "manual"}},
		},
	},
	{
		slug: "mill-street-homes", pack: "houses", stall: "", color: "#3F5B1C", cover: "house", parcel: 0,
		name:  both("Mill Street Homes", "磨坊街房屋"),
		about: both("Viewings of houses that stand empty. We say what is broken.", "空房看房。哪里坏了我们直说。"),
		legal: "Petra Vogel Immobilien", number: "GEW 6620", address: "Mill Street 2",
		goods: []ware{
			{"house", both("Small house with garden", "带花园小屋"), both("Stands empty. A viewing takes forty minutes, with the keys and the survey report.", "空房。看房四十分钟，带钥匙和检测报告。"), false, 28_900_000, 0, 1, map[string]string{
				"deal": "sale", "area": "Mill Street, by the bridge 磨坊街，桥边", "address_level": "street", "size_m2": "84", "rooms": "4", "ownership": "freehold",
				"ownership_note": "No mortgage, no tenants 无抵押，无租户", "price_note": "Notary and land transfer tax come on top; no commission 另付公证费和契税，无佣金",
				"licence": "§ 34c GewO, Harbour District Office 34c 号许可，港区政府", "available": "2027-01-01", "built": "1931", "energy": "D, 118 kWh/(m²·a)", "faults": "Damp in the cellar 地下室返潮"}},
		},
	},
	{
		slug: "hill-bakery", pack: "other", stall: "3", color: "#7A3E12", cover: "bread", parcel: 0,
		name:  both("Hill Bakery", "山坡面包房"),
		about: both("Sourdough from five in the morning until it is sold out.", "酸面包，早上五点开卖，卖完为止。"),
		legal: "Hanna Hill", number: "GEW 1009", address: "Market Hall, stall 3",
		goods: []ware{
			{"bread", both("Sourdough loaf, 1 kg", "酸面包 1 公斤"), both("Rye and wheat, baked dark.", "黑麦加小麦，烤得深。"), false, 620, 0, 40, nil},
			{"cup", both("Stoneware cup", "陶杯"), both("The cups we use ourselves.", "我们自己也用的杯子。"), false, 1_400, 0, 15, nil},
		},
	},
}

func wild(species, origin, gear, state, allergens string) map[string]string {
	return map[string]string{"species": species, "production": "wild", "origin": origin, "state": state, "landed_at": "04:30", "gear": gear, "allergens": allergens}
}

func farmed(species, origin, state, allergens string) map[string]string {
	return map[string]string{"species": species, "production": "farmed", "origin": origin, "state": state, "allergens": allergens}
}

func book(author, isbn, condition, year, pages string, signed bool) map[string]string {
	f := map[string]string{"author": author, "isbn": isbn, "condition": condition, "year": year, "pages": pages}
	if signed {
		f["signed"] = "true"
	}
	return f
}
