package crm

// Cell is what the table makes of a text.
var Cell = cell
