package config

import (
	"net/url"
	"strings"

	"github.com/rightsdesk/rightsdesk/shared/cloud"
)

// Loopback reports whether a URL is http and names this machine by a literal address or as
// localhost.
func Loopback(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	return cloud.Loopback(u.Hostname())
}

func httpsURL(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil && u.RawQuery == "" && u.Fragment == "" && !cloud.Loopback(u.Hostname())
}

// onThisMachine reports whether a URL names this machine, by any scheme and with any path.
func onThisMachine(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && cloud.Loopback(strings.TrimSuffix(strings.ToLower(u.Hostname()), "."))
}
