package dsr

// Finding is what discovery found: where, of which kind, how many. Never the values.
type Finding struct {
	System   string   `json:"system"`
	Kind     string   `json:"kind"`         // kind of record, as the connector's descriptor declares it
	ID       string   `json:"id,omitempty"` // the system's opaque id of the object that holds them
	Category Category `json:"category"`
	Count    int64    `json:"count"`           // records; -1 when the system cannot say without reading them all
	State    string   `json:"state,omitempty"` // such as "deleted"
}
