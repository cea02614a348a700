// Package cloud says where a credential may go: to the named clouds, and to this machine.
package cloud

import "net/netip"

// Cloud holds the addresses of one cloud.
type Cloud struct {
	Login         string            // authority of Microsoft Entra ID
	StorageSuffix string            // suffix of the storage endpoints
	Services      map[string]string // base URLs by the service that a catalogue entry names
}

// Graph is the name of Microsoft Graph as a service.
const Graph = "graph"

// Public is the name of the cloud that most customers use.
const Public = "public"

// clouds is the one list of clouds. A credential is issued by the login of a cloud and goes
// only to the services of that cloud. A host that no cloud here names is refused, wherever
// its URL comes from. The Graph of the US Department of Defense (dod-graph.microsoft.us), for
// example, would need a cloud of its own. A connector to another service needs a line in each
// cloud that has the service. Source: https://learn.microsoft.com/graph/deployments
var clouds = map[string]Cloud{
	Public: {
		Login: "https://login.microsoftonline.com", StorageSuffix: "core.windows.net",
		Services: map[string]string{Graph: "https://graph.microsoft.com"},
	},
	"usgov": {
		Login: "https://login.microsoftonline.us", StorageSuffix: "core.usgovcloudapi.net",
		Services: map[string]string{Graph: "https://graph.microsoft.us"},
	},
	"china": {
		Login: "https://login.partner.microsoftonline.cn", StorageSuffix: "core.chinacloudapi.cn",
		Services: map[string]string{Graph: "https://microsoftgraph.chinacloudapi.cn"},
	},
}

// Named returns the cloud of that name.
func Named(name string) (Cloud, bool) {
	c, ok := clouds[name]
	return c, ok
}

// Serves reports whether one of the clouds has the service at this URL, which is a scheme and
// a host without a path.
func Serves(service, url string) bool {
	for _, c := range clouds {
		if base, ok := c.Services[service]; ok && base == url {
			return true
		}
	}
	return false
}

// Loopback reports whether a host, without a port, is this machine: a literal loopback
// address or localhost. No name is resolved, since a DNS answer proves nothing.
func Loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Zone() == "" && ip.IsLoopback()
}
