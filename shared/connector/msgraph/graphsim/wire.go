package graphsim

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph/graphsim/contract"
)

func writeJSON(w http.ResponseWriter, status int, body Record) {
	raw, _ := json.Marshal(body) // strings and maps only
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(raw)
}

const maxBody = 1 << 20

// clientRequestID returns the caller's id if it has the form of one, because it is sent back
// and logged.
func clientRequestID(r *http.Request) string {
	id := strings.ToLower(r.Header.Get("client-request-id"))
	if !contract.IsGUID(id) {
		return ""
	}
	return id
}

func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
