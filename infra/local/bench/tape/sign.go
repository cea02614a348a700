package tape

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/calls"
)

// sign signs a request by the account's key, as the SDK does.
// https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
func sign(req *http.Request, service string, key []byte) {
	date := time.Now().UTC().Format(http.TimeFormat)
	req.Header.Set("x-ms-date", date)
	scheme, text := "SharedKey ", signed(req)
	if service == calls.Tables {
		scheme, text = "SharedKeyLite ", date+"\n"+resource(req)
		if comp := req.URL.Query().Get("comp"); comp != "" {
			text += "?comp=" + comp
		}
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	req.Header.Set("Authorization", scheme+azurite.AccountName+":"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

// resource is the first part of the canonicalized resource. The path of an emulator names the
// account once more.
func resource(req *http.Request) string { return "/" + azurite.AccountName + req.URL.EscapedPath() }

// signed is what is signed of a call to blobs or queues.
func signed(req *http.Request) string {
	h := req.Header
	length := h.Get("Content-Length")
	if length == "0" {
		length = ""
	}
	lines := []string{
		req.Method, h.Get("Content-Encoding"), h.Get("Content-Language"), length, h.Get("Content-MD5"), h.Get("Content-Type"), "",
		h.Get("If-Modified-Since"), h.Get("If-Match"), h.Get("If-None-Match"), h.Get("If-Unmodified-Since"), h.Get("Range"),
	}
	var own []string
	for name := range h {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-ms-") {
			own = append(own, lower+":"+strings.Join(h[name], ","))
		}
	}
	slices.Sort(own)
	query := req.URL.Query()
	var asked []string
	for name, values := range query {
		slices.Sort(values)
		asked = append(asked, strings.ToLower(name)+":"+strings.Join(values, ","))
	}
	slices.Sort(asked)
	all := append(append(lines, own...), resource(req))
	return strings.Join(append(all, asked...), "\n")
}
