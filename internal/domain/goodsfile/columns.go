package goodsfile

import (
	"slices"
	"strings"

	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/text"
)

// Columns that every file may have, in their order; the details of the shop's
// trade follow them. A file may call a column by its key or in either language.
const (
	product   = "product"
	variant   = "variant"
	titleEN   = "title_en"
	titleZH   = "title_zh"
	aboutEN   = "about_en"
	aboutZH   = "about_zh"
	measure   = "measure"
	state     = "state"
	variantEN = "variant_en"
	variantZH = "variant_zh"
	price     = "price"
	inStock   = "stock"
	grams     = "grams"
	taxClass  = "tax"
	detail    = "field." // before the key of a detail
)

type column struct {
	key     string
	label   text.Local
	choices []shop.Choice // nil for free text
}

// yes are the answers of a detail that is true or false.
var yes = []shop.Choice{{Value: "true", Label: text.Both("Yes", "是")}, {Value: "false", Label: text.Both("No", "否")}}

var common = []column{
	{product, text.Both("Product id", "商品编号"), nil},
	{variant, text.Both("Variant id", "规格编号"), nil},
	{titleEN, text.Both("Title (English)", "名称（英文）"), nil},
	{titleZH, text.Both("Title (Chinese)", "名称（中文）"), nil},
	{aboutEN, text.Both("About (English)", "介绍（英文）"), nil},
	{aboutZH, text.Both("About (Chinese)", "介绍（中文）"), nil},
	{measure, text.Both("Sold by", "计量"), []shop.Choice{
		{Value: string(catalog.Piece), Label: text.Both("piece", "件")}, {Value: string(catalog.Weight), Label: text.Both("weight", "重量")},
	}},
	{state, text.Both("Listing", "上架状态"), []shop.Choice{
		{Value: string(catalog.Draft), Label: text.Both("draft", "草稿")}, {Value: string(catalog.Live), Label: text.Both("on sale", "在售")},
		{Value: string(catalog.Hidden), Label: text.Both("hidden", "隐藏")},
	}},
	{variantEN, text.Both("Variant (English)", "规格（英文）"), nil},
	{variantZH, text.Both("Variant (Chinese)", "规格（中文）"), nil},
	{price, text.Both("Price", "价格"), nil},
	{inStock, text.Both("In stock", "库存"), nil},
	{grams, text.Both("Grams to send", "寄送重量（克）"), nil},
	{taxClass, text.Both("Tax class", "税率类别"), nil},
}

// columnsOf are the columns of a shop of pack p.
func columnsOf(p shop.Pack) []column {
	all := slices.Clone(common)
	for _, f := range p.Fields {
		c := column{detail + f.Key, f.Label, f.Choices}
		if slices.ContainsFunc(all, func(o column) bool { return o.called(f.Label.Pick("en")) || o.called(f.Label.Pick("zh")) }) {
			c.label = nil // its key says which of the two it is
		}
		if f.Kind == "bool" {
			c.choices = yes
		}
		all = append(all, c)
	}
	return all
}

// called reports whether a heading names c.
func (c column) called(heading string) bool {
	return strings.EqualFold(heading, c.key) || c.label.Pick("en") != "" && strings.EqualFold(heading, c.label.Pick("en")) ||
		c.label.Pick("zh") != "" && heading == c.label.Pick("zh")
}

// value is what a cell of the column means: a choice may be given in words.
func (c column) value(cell string) string {
	for _, ch := range c.choices {
		if strings.EqualFold(cell, ch.Value) || strings.EqualFold(cell, ch.Label.Pick("en")) || cell == ch.Label.Pick("zh") {
			return ch.Value
		}
	}
	return cell
}

// words is [column.value] the other way round.
func (c column) words(value, language string) string {
	for _, ch := range c.choices {
		if ch.Value == value {
			return ch.Label.Pick(language)
		}
	}
	return value
}
