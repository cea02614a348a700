package httpapi

import (
	"net/http"
	"sync"
)

type healthView struct {
	Status  string `json:"status"`
	Version string `json:"version,omitempty"`
}

// health is GET /api/health: the process answers. It asks no other system, so that a storage
// that is down does not stop the process.
func (c *call) health() error {
	return c.answer(http.StatusOK, healthView{Status: "ok", Version: c.api.Version})
}

// contract is what GET /api/openapi.json answers. It is made when it is first asked for, so that
// the start of a process need not wait for it.
type contract struct {
	once sync.Once
	text []byte
	err  error
}

func (c *contract) get() ([]byte, error) {
	c.once.Do(func() { c.text, c.err = Contract() })
	return c.text, c.err
}

// openapi is GET /api/openapi.json.
func (c *call) openapi() error {
	text, err := c.api.contract.get()
	if err != nil {
		return err
	}
	c.w.Header().Set("Content-Type", "application/json")
	c.w.WriteHeader(http.StatusOK)
	_, _ = c.w.Write(text)
	return nil
}
