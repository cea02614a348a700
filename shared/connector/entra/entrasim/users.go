package entrasim

import (
	"maps"
	"net/http"
	"slices"

	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph/graphsim"
)

// fullProfile are the permissions that show more of a user than basicProfile, which
// User.ReadBasic.All is limited to.
var (
	fullProfile  = []string{"User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	basicProfile = []string{"id", "displayName", "givenName", "surname", "mail", "userPrincipalName"}
)

// guarded are the properties that take a permission of their own besides that for the profile.
// Any one of those named suffices.
var guarded = map[string][]string{
	"signInActivity":        {"AuditLog.Read.All"},
	"employeeLeaveDateTime": {"User-LifeCycleInfo.Read.All", "User-LifeCycleInfo.ReadWrite.All"},
}

// sharePointProperties are kept outside the directory. A list of users with them answers 501,
// and a user without a licence does not have them.
var sharePointProperties = []string{
	"aboutMe", "birthday", "hireDate", "interests", "mySite", "pastProjects", "preferredName", "responsibilities", "schools", "skills",
}

const maxTopWithActivity = 500

func listUsers(t *tenant, c *call) (answer, reply) {
	if refusal := mayRead(c); refusal != nil {
		return answer{}, refusal
	}
	if wantsAny(c, sharePointProperties) {
		return answer{}, &graphsim.Error{Status: http.StatusNotImplemented, Code: "NotImplemented", Message: "A selected property is served for a single user only."}
	}
	if c.Query.Wants("signInActivity") && c.Query.Top > maxTopWithActivity {
		return answer{}, graphsim.BadRequest("The page size with signInActivity must be at most 500.")
	}
	return graphsim.Many(visible(c, t.list(func(p *person) bool { return p.deleted.IsZero() }))), nil
}

func getUser(t *tenant, c *call) (answer, reply) {
	if refusal := mayRead(c); refusal != nil {
		return answer{}, refusal
	}
	p, ok := t.active(c.Params["user-id"])
	if !ok {
		return answer{}, graphsim.NotFound()
	}
	if !licensed(p.record) && wantsAny(c, sharePointProperties) {
		return answer{}, &graphsim.Error{Status: http.StatusNotFound, Code: "ResourceNotFound", Message: "Resource could not be discovered: the user has no licence."}
	}
	return graphsim.One(visible(c, []Record{p.record})[0]), nil
}

func listDeleted(t *tenant, c *call) (answer, reply) {
	if refusal := mayRead(c); refusal != nil {
		return answer{}, refusal
	}
	return graphsim.Many(t.list(func(p *person) bool { return !p.deleted.IsZero() && !p.expired(c.Now) })), nil
}

func getDeleted(t *tenant, c *call) (answer, reply) {
	p, ok := t.softDeleted(c.Params["directoryObject-id"], c.Now)
	if !ok {
		return answer{}, graphsim.NotFound()
	}
	return graphsim.One(asObject(p.record)), nil
}

// mayRead refuses the whole call when one property needs a permission that the app lacks, as
// the service does.
func mayRead(c *call) reply {
	for property, permissions := range guarded {
		if c.Query.Wants(property) && !c.Can(permissions...) {
			return graphsim.Denied()
		}
	}
	if c.Can(fullProfile...) {
		return nil
	}
	for _, name := range c.Query.Select {
		if !slices.Contains(basicProfile, name) {
			return graphsim.Denied()
		}
	}
	return nil
}

// visible reduces the records to what the caller's permissions show.
func visible(c *call, users []Record) []Record {
	if c.Can(fullProfile...) {
		return users
	}
	out := make([]Record, len(users))
	for i, u := range users {
		out[i] = maps.Clone(u)
		maps.DeleteFunc(out[i], func(name string, _ any) bool { return !slices.Contains(basicProfile, name) })
	}
	return out
}

func wantsAny(c *call, names []string) bool { return slices.ContainsFunc(names, c.Query.Wants) }

// licensed reports whether a user has a licence, and with it the part of the profile that
// SharePoint keeps.
func licensed(user Record) bool {
	licences, _ := user["assignedLicenses"].([]any)
	return len(licences) > 0
}
