package config

// Cloud is one of the clouds that real credentials may go to.
type Cloud struct {
	Login         string            // authority of Microsoft Entra ID
	StorageSuffix string            // of the storage endpoints
	Services      map[string]string // base URLs by the name of the service, as entries of the catalogue have it
}

// GraphService is the name of Microsoft Graph as a service.
const GraphService = "graph"

// clouds is the named list: no credential goes to an address that is not made from it. A connector
// of another service needs a line in each cloud that has it.
var clouds = map[string]Cloud{
	"public": {
		Login: "https://login.microsoftonline.com", StorageSuffix: "core.windows.net",
		Services: map[string]string{GraphService: "https://graph.microsoft.com"},
	},
	"usgov": {
		Login: "https://login.microsoftonline.us", StorageSuffix: "core.usgovcloudapi.net",
		Services: map[string]string{GraphService: "https://graph.microsoft.us"},
	},
	"china": {
		Login: "https://login.partner.microsoftonline.cn", StorageSuffix: "core.chinacloudapi.cn",
		Services: map[string]string{GraphService: "https://microsoftgraph.chinacloudapi.cn"},
	},
}

// Endpoints returns the cloud that RIGHTSDESK_CLOUD names.
func (s Settings) Endpoints() Cloud { return clouds[s.Cloud] }

// Endpoint returns the base URL of a service, false where the cloud has none of that name. Beside a simulated Graph every service is
// simulated, by the same server: under /{service}.
func (s Settings) Endpoint(service string) (string, bool) {
	switch {
	case s.Graph == "":
		url, ok := s.Endpoints().Services[service]
		return url, ok
	case service == GraphService:
		return s.Graph, true
	default:
		return s.Graph + "/" + service, service != ""
	}
}
