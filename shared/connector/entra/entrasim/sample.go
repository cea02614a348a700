package entrasim

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph/graphsim"
)

// The two tenants of the local world.
const (
	Contoso  = "11111111-1111-1111-1111-111111111111"
	Fabrikam = "22222222-2222-2222-2222-222222222222"
)

const (
	contosoPeople  = 520
	fabrikamPeople = 60
	sampleSeed     = 20180525 // the day from which the GDPR applies
)

// NewSample returns the sample organisation: the same people, ids and values for the same born.
// Times in it lie before born, except the dates on which people are going to leave. So a
// directory that is generated again from the same born continues where it was.
func NewSample(now func() time.Time, born time.Time) (*Directory, error) {
	d, err := newDirectory(map[string]string{Contoso: "contoso.example", Fabrikam: "fabrikam.example"}, now)
	if err != nil {
		return nil, err
	}
	for _, plan := range []struct {
		tenant string
		people int
		groups int
	}{{Contoso, contosoPeople, 220}, {Fabrikam, fabrikamPeople, 130}} {
		b := newBuilder(d, d.tenants[plan.tenant], born)
		b.objects(plan.groups)
		b.everybody(plan.people)
		if b.err != nil {
			return nil, fmt.Errorf("sample of %s: %w", b.t.domain, b.err)
		}
	}
	return d, nil
}

// builder fills one tenant. It keeps its first error.
type builder struct {
	d    *Directory
	t    *tenant
	rng  *rand.Rand
	born time.Time
	err  error

	groups, roles, units, apps []string
}

func newBuilder(d *Directory, t *tenant, born time.Time) *builder {
	return &builder{
		d: d, t: t, born: born.UTC().Truncate(time.Second),
		rng: rand.New(rand.NewPCG(sampleSeed, uint64(len(t.domain)))),
	}
}

// id is the same for the same thing of the same tenant, in whatever order things are made.
func (b *builder) id(kind string, key any) string {
	return uuid.NewSHA1(uuid.MustParse(b.t.id), fmt.Appendf(nil, "%s/%v", kind, key)).String()
}

// ago is a time before the sample was born.
func (b *builder) ago(d time.Duration) string { return stamp(b.born.Add(-d)) }

func (b *builder) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

// checked returns the record after checking it by the contract.
func (b *builder) checked(typeName string, r Record) Record {
	if err := b.d.contract.Check(typeName, r); err != nil {
		b.fail(err)
	}
	return r
}

func (b *builder) object(typeName string, r Record) string {
	r["@odata.type"] = "#microsoft.graph." + typeName
	id, _ := r["id"].(string)
	b.t.objects[id] = b.checked("directoryObject", r)
	return id
}

const day = 24 * time.Hour

// objects makes what people can be members or owners of.
func (b *builder) objects(groups int) {
	for i, name := range []string{"Directory Readers", "Reports Reader", "User Administrator", "Helpdesk Administrator"} {
		b.roles = append(b.roles, b.object("directoryRole", Record{
			"id": b.id("role", i), "displayName": name, "description": "Can act as " + name + ".",
			"roleTemplateId": roleTemplate(i), "deletedDateTime": nil,
		}))
	}
	for i, name := range []string{"Europe", "Americas", "Asia"} {
		b.units = append(b.units, b.object("administrativeUnit", Record{
			"id": b.id("unit", i), "displayName": "AU " + name, "description": nil, "visibility": nil, "deletedDateTime": nil,
		}))
	}
	for i, name := range appNames {
		b.apps = append(b.apps, b.object("servicePrincipal", Record{
			"id": b.id("app", i), "appId": b.id("appId", i), "displayName": name, "appDisplayName": name, "accountEnabled": true,
			"servicePrincipalType": "Application", "tags": []any{}, "deletedDateTime": nil,
		}))
	}
	for i := range groups {
		b.groups = append(b.groups, b.group(i))
	}
	for i := 10; i < groups; i++ { // the first ten hold the others
		b.t.parents[b.groups[i]] = []string{b.groups[i%10]}
	}
}

func roleTemplate(i int) string { return fmt.Sprintf("88d8e3e3-8f55-4a1e-953a-9b9898b8876%d", i) }

func (b *builder) group(i int) string {
	name := fmt.Sprintf("%s %s %03d", groupKinds[i%len(groupKinds)], groupThemes[i%len(groupThemes)], i)
	nick := strings.ToLower(strings.ReplaceAll(groupKinds[i%len(groupKinds)], " ", "-")) + fmt.Sprintf("-%03d", i)
	unified := i%3 == 0
	g := Record{
		"id": b.id("group", i), "displayName": name, "description": "What " + name + " is for", "mailNickname": nick, "mail": nil,
		"mailEnabled": unified, "securityEnabled": !unified, "groupTypes": []any{}, "proxyAddresses": []any{}, "visibility": nil,
		"createdDateTime": b.ago(time.Duration(400+i) * day), "renewedDateTime": b.ago(time.Duration(400+i) * day),
		"securityIdentifier": fmt.Sprintf("S-1-12-1-1000%03d-2000-3000-4000", i), "classification": nil, "isAssignableToRole": nil,
		"membershipRule": nil, "membershipRuleProcessingState": nil, "onPremisesSyncEnabled": nil, "deletedDateTime": nil,
	}
	if unified {
		mail := nick + "@" + b.t.domain
		g["mail"], g["groupTypes"], g["visibility"] = mail, []any{"Unified"}, "Private"
		g["proxyAddresses"] = []any{"SMTP:" + mail}
	}
	if i%7 == 1 {
		g["membershipRule"], g["membershipRuleProcessingState"] = `(user.department -eq "Sales")`, "On"
		g["groupTypes"] = append(g["groupTypes"].([]any), "DynamicMembership")
	}
	return b.object("group", g)
}

var _ graphsim.Source = (*Directory)(nil)
