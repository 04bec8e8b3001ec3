module github.com/openstall/openstall

go 1.26
