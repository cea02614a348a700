// Package caller sends requests to the API as a caller does.
package caller

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/connector/entra/entrasim"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
)

// APIKey is Contoso's caller with all rights in infra/local/rightsdesk.yaml.
const APIKey = "local-dev-key"

// Contoso is the tenant of all measurements.
const Contoso = entrasim.Contoso

// Callers is how many requests are under way at a time.
const Callers = 16

// Jane asks for what is held about her.
var Jane = []byte(`{"tenant":"` + Contoso + `","actions":["access"],"regime":"gdpr","subject":{"email":"jane@contoso.example"}}`)

// Client keeps connections for as many requests as are under way.
var Client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: Callers}, Timeout: time.Minute}

// Submission is the body of a request with one action for one person, as most are.
func Submission(n int) []byte {
	id := pii.MAC([]byte("bench"), fmt.Sprint(n))
	return fmt.Appendf(nil, `{"tenant":%q,"actions":["export"],"regime":"gdpr","subject":{"objectId":"%x-%x-%x-%x-%x","email":"person%06d@contoso.example","name":"Jane Person"},"reference":"case %06d"}`,
		Contoso, id[:4], id[4:6], id[6:8], id[8:10], id[10:16], n, n)
}

// SetHeaders makes a request one of Contoso's caller, with an idempotency key.
func SetHeaders(req *http.Request, key string) {
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Api-Key", APIKey)
	req.Header.Set("Idempotency-Key", key)
}

// ByHand submits jane's request and asks for it until it is completed.
func ByHand(ctx context.Context, api, key string) (seconds float64, err error) {
	began := time.Now()
	var r struct{ ID, State string }
	if err := apiCall(ctx, http.MethodPost, api+"/api/requests", key, Jane, &r); err != nil {
		return 0, err
	}
	for r.State != string(dsr.StateCompleted) {
		if time.Since(began) > time.Minute {
			return 0, fmt.Errorf("request %s is %s after a minute", r.ID, r.State)
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
		if err := apiCall(ctx, http.MethodGet, api+"/api/requests/"+r.ID, "", nil, &r); err != nil {
			return 0, err
		}
	}
	return time.Since(began).Seconds(), nil
}

func apiCall(ctx context.Context, method, url, key string, body []byte, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	SetHeaders(req, key)
	if key == "" {
		req.Header.Del("Idempotency-Key")
		req.Header.Del("Content-Type")
	}
	resp, err := Client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s %s answers %d: %s", method, url, resp.StatusCode, text)
	}
	return json.Unmarshal(text, out)
}
