package config

import "github.com/rightsdesk/rightsdesk/shared/cloud"

// Endpoints returns the cloud that RIGHTSDESK_CLOUD names.
func (s Settings) Endpoints() cloud.Cloud {
	c, _ := cloud.Named(s.Cloud) // check has refused another name
	return c
}

// Endpoint returns the base URL of a service, false where the cloud has none of that name.
// Beside a simulated Graph every service is simulated, by the same server: under /{service}.
func (s Settings) Endpoint(service string) (string, bool) {
	switch {
	case s.Graph == "":
		url, ok := s.Endpoints().Services[service]
		return url, ok
	case service == cloud.Graph:
		return s.Graph, true
	default:
		return s.Graph + "/" + service, service != ""
	}
}
