package app_test

import (
	"testing"

	"github.com/openstall/openstall/internal/kit/text"
)

func TestTermsAreSetAndRefusedAtTheDoor(t *testing.T) {
	eachStall(t, func(s *stall) {
		if err := s.app.Accounts.SetRoles(s.t.Context(), s.person("omar"), true, false); err != nil {
			s.t.Fatal(err)
		}
		path := "/v1/merchant/shops/" + s.shop.ID
		code := func(want string, got object) {
			s.t.Helper()
			if got["code"] != want {
				s.t.Errorf("code %v, want %s: %v", got["code"], want, got)
			}
		}
		zone := func(by string, regions ...string) object {
			if regions == nil {
				regions = []string{}
			}
			return object{"regions": regions, "rule": object{"by": by, "first": 1000, "first_minor": 500, "step": 1000, "step_minor": 100}}
		}
		ways := func(want int, zones ...object) object {
			return s.call(want, "marlow", "PUT", path+"/fulfilment", object{"pickup": s.shop.Pickup, "parcel": object{"enabled": true, "templates": []object{{"name": "Iced", "zones": zones}}}})
		}
		code("shop.freight", ways(422, zone("weight", "DE"), zone("order", "DE")))
		code("shop.freight", ways(422, zone("weight"), zone("order")))
		ways(422, zone("moon"))
		ways(422)
		iced := ways(200, zone("weight", "DE"))["parcel"].(object)["templates"].([]any)[0].(object)["id"]

		rate := object{"country": "DE", "class": "reduced", "ppm": 70_000}
		s.call(404, "marlow", "POST", "/v1/operator/tax-rates", rate)
		s.call(401, "", "POST", "/v1/operator/tax-rates", rate)
		s.call(200, "omar", "POST", "/v1/operator/tax-rates", rate)
		s.call(200, "omar", "POST", "/v1/operator/tax-rates", object{"country": "DE", "class": "standard", "ppm": 190_000})
		code("tax.rate", s.call(422, "omar", "POST", "/v1/operator/tax-rates", object{"country": "DE", "class": "zero", "ppm": 1}))
		code("tax.past", s.call(422, "omar", "POST", "/v1/operator/tax-rates", object{"country": "DE", "class": "reduced", "ppm": 1, "from": "2020-01-01T00:00:00Z"}))
		code("tax.holds", s.call(409, "omar", "POST", "/v1/operator/tax-rates/drop", object{"country": "DE", "class": "reduced", "from": "2020-01-01T00:00:00Z"}))
		if got := s.call(200, "", "GET", "/v1/tax-rates", nil)["items"].([]any); len(got) != 2 {
			s.t.Errorf("everybody sees %v", got)
		}
		s.call(422, "marlow", "PATCH", path, object{"tax": object{"country": "Germany"}})
		s.call(200, "marlow", "PATCH", path, object{"tax": object{"country": "DE", "prices": "added"}})

		quote := func(want int, country string) object {
			s.t.Helper()
			return s.call(want, "rosa", "POST", "/v1/quotes", object{"items": []object{{"sku": s.product.SKUs[0].ID, "quantity": 2500}},
				"fulfilment": object{"kind": "parcel", "address": object{"name": "R", "phone": "", "line1": "1", "postcode": "10115", "city": "T", "country": country}}})
		}
		refused := quote(422, "CH")
		code("shop.not_sent_there", refused)
		if at := refused["errors"].([]any)[0].(object); at["location"] != "items[0]" {
			s.t.Errorf("refused at %v", at)
		}
		// 2.5 kg at 12.50: 31.25 and 2.19 of tax; 5.00 and twice 1.00, and 0.49.
		q := quote(201, "DE")
		if minor(q["freight"]) != 700 || minor(q["total"]) != 3125+219+700+49 || minor(q["tax"].(object)["total"]) != 268 {
			s.t.Errorf("offered %v, %v, %v", q["freight"], q["total"], q["tax"])
		}

		// A change of the price leaves weight, template and class as they are.
		made := s.call(201, "marlow", "POST", path+"/products", object{"title": text.Both("Tin", "罐头"), "measure": "piece", "state": "draft", "fields": object{},
			"freight": iced, "tax": "zero", "skus": []object{{"price_minor": 500, "grams": 250}}})
		sku := made["skus"].([]any)[0].(object)["id"].(string)
		made = s.call(200, "marlow", "PATCH", path+"/products/"+made["id"].(string), object{"skus": []object{{"id": sku, "price_minor": 600}}})
		if made["tax"] != "zero" || made["freight"] != iced || made["grams"].(object)[sku] != 250.0 {
			s.t.Errorf("kept %v, %v, %v", made["tax"], made["freight"], made["grams"])
		}
		code("shop.freight", s.call(422, "marlow", "PATCH", path+"/products/"+made["id"].(string), object{"freight": "gone"}))
		code("catalog.tax", s.call(422, "marlow", "PATCH", path+"/products/"+made["id"].(string), object{"tax": "LOUD"}))
	})
}
