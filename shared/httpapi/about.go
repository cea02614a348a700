package httpapi

import "net/http"

type healthView struct {
	Status  string `json:"status"`
	Version string `json:"version,omitempty"`
}

// health is GET /api/health: the process answers. It asks no other system, so that a storage
// that is down does not stop the process.
func (c *call) health() error {
	return c.answer(http.StatusOK, healthView{Status: "ok", Version: c.api.Version})
}

// openapi is GET /api/openapi.json.
func (c *call) openapi() error {
	c.w.Header().Set("Content-Type", "application/json")
	c.w.WriteHeader(http.StatusOK)
	_, _ = c.w.Write(c.api.contract)
	return nil
}
