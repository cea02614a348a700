package tenant

import (
	"log/slog"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/connector/entra/entrasim"
)

// system is one simulated service. What open returns may be a [graphsim.Source], which answers on the one simulated Graph; an
// [http.Handler], which is mounted under /{name}/; and an [Oracle]; any of them together.
type system struct {
	name string
	open func(Environment) (any, error)
}

// systems is the list of what the simulated tenant plays: adding a system is one line here.
var systems = []system{
	{"entra", func(e Environment) (any, error) { return entrasim.NewSample(e.Now, e.Born) }},
}

// Environment is what a simulator is given.
type Environment struct {
	Now     func() time.Time // the business clock
	Born    time.Time        // when the organisation was made: sample data lies before it
	Tenants []string         // the ids of the tenants
	Log     *slog.Logger     // for lines without personal data
}

// Oracle tells what a simulator stores about a person, by kind of record, whole; false for an unknown person.
type Oracle interface {
	Records(tenant, person string) (map[string][]map[string]any, bool)
}

// localTenant is one organisation of the local world with its fixed tokens.
type localTenant struct {
	id, name string
}

var localTenants = []localTenant{{entrasim.Contoso, "contoso"}, {entrasim.Fabrikam, "fabrikam"}}

// ReaderToken is the fixed bearer token that Rightsdesk sends to loopback addresses for a tenant's id: the least that discovery, access and
// export need.
func ReaderToken(id string) string { return "rightsdesk-local-" + id }

// AdminToken may also change, delete and restore users: for playing the tenant's administrator with curl, never for the product.
func AdminToken(name string) string { return "local-admin-token-" + name }

// ClientID is the app registration that may fetch tokens; its secret is ClientSecret.
const ClientID = "00000000-0000-0000-0000-00000000c0de"

// ClientSecret is the secret of ClientID in a tenant.
func ClientSecret(name string) string { return "local-secret-" + name }

var readerPermissions = []string{
	"User.Read.All", "Directory.Read.All", "AuditLog.Read.All", "UserAuthenticationMethod.Read.All",
	"RoleManagement.Read.Directory", "LicenseAssignment.Read.All", "User-LifeCycleInfo.Read.All",
}

var adminPermissions = append([]string{"User.ReadWrite.All", "User.DeleteRestore.All"}, readerPermissions...)
