// Package cloud says where a credential may go: to the named clouds, and to this machine.
package cloud

import "net/netip"

// Cloud is the addresses of one cloud.
type Cloud struct {
	Login         string            // authority of Microsoft Entra ID
	StorageSuffix string            // of the storage endpoints
	Services      map[string]string // base URLs by the service that an entry of the catalogue names
}

// Graph is the name of Microsoft Graph as a service.
const Graph = "graph"

// Public is the name of the cloud that most customers use.
const Public = "public"

// clouds is the one list. A credential is issued by the login of a cloud and goes to the
// services of that cloud only, so a host that no cloud here names is refused wherever a URL
// comes from: the Graph of the US Department of Defense (dod-graph.microsoft.us), say, would be
// a cloud of its own. A connector of another service needs a line in each cloud that has the
// service. https://learn.microsoft.com/graph/deployments
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

// Serves reports whether the URL, a scheme and a host without a path, is where one of the
// clouds has the service.
func Serves(service, url string) bool {
	for _, c := range clouds {
		if base, ok := c.Services[service]; ok && base == url {
			return true
		}
	}
	return false
}

// Loopback reports whether a host, without a port, is this machine: a literal loopback address or
// localhost. No name is resolved, since an answer of the DNS proves nothing.
func Loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Zone() == "" && ip.IsLoopback()
}
