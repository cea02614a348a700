package tenant

import (
	"log/slog"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/connector/entra/entrasim"
)

// system is one simulated service. What open returns may be any of three, also together: a
// [graphsim.Source], which answers on the one simulated Graph; an [http.Handler], which is
// mounted under /{name}/; and an [Oracle].
type system struct {
	name string
	open func(Environment) (any, error)
}

// systems is the list of what the simulated tenant plays. Adding a system is one line here.
var systems = []system{
	{"entra", func(e Environment) (any, error) { return entrasim.NewSample(e.Clocks.Business, e.Born) }},
}

// Environment is what a simulator is given.
type Environment struct {
	Clocks  clock.Clocks
	Born    time.Time    // the business time at which the organisation was made, after its data
	Tenants []string     // the ids of the tenants
	Log     *slog.Logger // for lines without personal data
}

// Oracle tells everything that a simulator stores about a person, by kind of record. It returns
// false for an unknown person.
type Oracle interface {
	Records(tenant, person string) (map[string][]map[string]any, bool)
}

// localTenant is one organisation of the local world with its fixed tokens.
type localTenant struct {
	id, name string
}

var localTenants = []localTenant{{entrasim.Contoso, "contoso"}, {entrasim.Fabrikam, "fabrikam"}}

// ReaderToken is the fixed bearer token that Rightsdesk sends to loopback addresses for a
// tenant's id. It allows the least that discovery, access and export need.
func ReaderToken(id string) string { return "rightsdesk-local-" + id }

// AdminToken may also change, delete and restore users. With it one plays the tenant's
// administrator by curl; the product never has it.
func AdminToken(name string) string { return "local-admin-token-" + name }

// ClientID is the app registration that may fetch tokens. Its secret is ClientSecret.
const ClientID = "00000000-0000-0000-0000-00000000c0de"

// ClientSecret is the secret of ClientID in a tenant.
func ClientSecret(name string) string { return "local-secret-" + name }

var readerPermissions = []string{
	"User.Read.All", "Directory.Read.All", "AuditLog.Read.All", "UserAuthenticationMethod.Read.All",
	"RoleManagement.Read.Directory", "LicenseAssignment.Read.All", "User-LifeCycleInfo.Read.All",
}

var adminPermissions = append([]string{"User.ReadWrite.All", "User.DeleteRestore.All"}, readerPermissions...)
