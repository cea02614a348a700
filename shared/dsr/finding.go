package dsr

// Finding is what discovery found: where, of which kind, how many. Never the values.
type Finding struct {
	System string `json:"system"`
	// kind of record, as the connector's descriptor declares it
	Kind     string   `json:"kind"`
	ID       string   `json:"id,omitempty"` // the system's opaque id of the object that holds them
	Category Category `json:"category"`
	// records; -1 when the system cannot say without reading them all
	Count int64  `json:"count"`
	State string `json:"state,omitempty"` // such as "deleted"
}
