package app_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
	"github.com/rightsdesk/rightsdesk/shared/connector/entra/entrasim"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
)

// canary is a data subject all of whose values are unique, so that each can be recognised.
type canary struct {
	*world
	canaries canaries
	moments  []sighting // rows and blobs at several times
	person   string     // object id
}

// of returns a unique value under a name. The test looks for it from then on.
func (b *canary) of(name string) string {
	if v, ok := b.canaries[name]; ok {
		return v
	}
	v := strings.ReplaceAll(name, " ", "") + strings.ToLower(rand.Text()[:12])
	if name == "phone" {
		n, _ := rand.Int(rand.Reader, big.NewInt(900_000_000)) // rand.Reader never fails
		v = fmt.Sprint(100_000_000 + n.Int64())
	}
	b.canaries[name] = v
	return v
}

func (b *canary) upn() string   { return b.of("upn") + "@contoso.example" }
func (b *canary) mail() string  { return b.of("mail") + "@contoso.example" }
func (b *canary) other() string { return b.of("othermail") + "+x@home.example" }
func (b *canary) phone() string { return "+4915" + b.of("phone") }
func (b *canary) name() string  { return "Zoë O'" + b.of("name") }

// newCanary puts the person into the directory, with a second person who shares an address.
func newCanary(t *testing.T) *canary {
	t.Helper()
	container := azurite.Prefix(t)
	b := &canary{world: newWorld(t, options{document: declared(t, azurite.Shared(t).BlobURL, container)}), canaries: canaries{}, person: uuid.NewString()}
	b.canaries["object id"] = b.person
	_, err := b.clients.Blobs.CreateContainer(t.Context(), container, nil)
	require.NoError(t, err)
	add := func(r entrasim.Record) { require.NoError(t, b.directory().AddUser(entrasim.Contoso, r)) }
	add(entrasim.Record{
		"id": b.person, "userPrincipalName": b.upn(), "mail": b.mail(), "otherMails": []any{b.other()}, "mobilePhone": b.phone(), "displayName": b.name(),
		"surname": b.of("surname"), "employeeId": b.of("employee"), "jobTitle": b.of("job"), "proxyAddresses": []any{"smtp:" + b.of("proxy") + "@contoso.example"},
		"identities": []any{entrasim.Record{"signInType": "federated", "issuer": "google.com", "issuerAssignedId": b.of("signin")}},
	})
	add(entrasim.Record{"id": uuid.NewString(), "userPrincipalName": "twin." + b.of("twin") + "@contoso.example", "otherMails": []any{b.other()}, "displayName": "Twin"})
	return b
}

// subject holds every kind of identifier.
func (b *canary) subject() map[string]any {
	kind := func(kind, value string) map[string]any { return map[string]any{"kind": kind, "value": value} }
	return map[string]any{
		"objectId": b.person, "userPrincipalName": b.upn(), "email": b.mail(), "phone": b.phone(), "employeeId": b.of("employee"), "name": b.name(),
		"relationship": "customer", "residence": "DE",
		"identifiers": []any{
			kind("other-mail", b.other()), kind("proxy-address", b.of("proxy")+"@contoso.example"), kind("external-sign-in-name", "google.com|"+b.of("signin")),
			kind("customerNumber", b.of("customer")), kind("guest-invited-address", b.of("guest")+"@partner.example"),
		},
	}
}

// item is a bulk list's item about the person.
func (b *canary) item(n int) map[string]any {
	return map[string]any{
		"actions": []string{"export"}, "regime": "ccpa", "subject": map[string]any{"userPrincipalName": b.upn(), "phone": b.phone(), "name": b.name(), "identifiers": b.subject()["identifiers"]},
		"note": b.of("bulk note"), "reference": b.of("bulk reference"), "idempotencyKey": fmt.Sprint(b.of("bulk key"), n), "systems": []string{"paper-files"},
	}
}

// look keeps the rows and blobs of this moment.
func (b *canary) look() { b.moments = append(append(b.moments, b.rows()...), b.blobs()...) }

// shown are the values that a caller with the right to read may see: how candidates differ, and
// what people wrote when they decided.
var shown = map[string][]string{
	"API findings": {"object id"},
	"API events":   {"object id", "cancel reason", "retry reason", "manual text"},
}

// leaks returns the names of the canaries by the place where they were found.
func (b *canary) leaks() map[string][]string {
	b.look()
	out := map[string][]string{}
	find := b.canaries.finder()
	seen := map[sighting]bool{}
	for _, s := range append(append(b.tap.all(), b.told()...), b.moments...) {
		if seen[s] {
			continue
		}
		seen[s] = true
		for _, name := range find.in(s.text) {
			if !slices.Contains(shown[s.where], name) && !slices.Contains(out[s.where], name) {
				out[s.where] = append(out[s.where], name)
			}
		}
	}
	return out
}

// around returns the first line of a place that holds a canary.
func (b *canary) around(where, name string) string {
	c := canaries{name: b.canaries[name]}.finder()
	for _, s := range append(append(b.tap.all(), b.told()...), b.moments...) {
		for line := range strings.Lines(s.text) {
			if s.where == where && len(c.in(line)) > 0 {
				return line
			}
		}
	}
	return ""
}

// TestCanary sends a person through everything. The person's values appear in no log line,
// queue message, key, unsealed property, blob name, blob metadata, metric, span, error or URL.
// Only Graph's URLs may hold them.
func TestCanary(t *testing.T) {
	t.Parallel()
	b := newCanary(t)
	t.Run("single", b.single)
	t.Run("cancel", b.cancel)
	t.Run("graph", b.graphFails)
	t.Run("bulk", b.bulk)
	t.Run("bad input", b.badInput)
	b.look()
	b.t = t
	b.advance(31 * 24 * time.Hour)
	require.Equal(t, http.StatusOK, b.timer("purge"))
	require.Equal(t, http.StatusOK, b.timer("wake"))
	require.Empty(t, b.names(retention.Packages))
	leaks := b.leaks()
	for where, names := range leaks {
		for _, name := range names {
			t.Logf("%s in %s: %.300q", name, where, b.around(where, name))
		}
	}
	require.Empty(t, leaks)
	b.graphAlone()
	b.planted()
}

// single goes from a submission through candidates and a manual task to a package.
func (b *canary) single(t *testing.T) {
	b.t = t
	body := asked(entrasim.Contoso, b.subject(), "access", "export")
	body["note"], body["reference"] = "Call "+b.of("note"), b.of("reference")
	id := b.submit(contosoKey, b.of("key"), body)
	b.look()
	b.pump()
	require.Equal(t, "needs-decision", b.get(contosoKey, id).State)
	path := "/api/requests/" + id
	b.must(http.StatusOK, "GET", path+"/findings", contosoKey, nil)
	b.must(http.StatusConflict, "POST", path+"/retry", contosoKey, map[string]any{"reason": b.of("retry reason")})
	b.must(http.StatusBadRequest, "POST", path+"/decide", contosoKey, map[string]any{"objectId": b.of("not a candidate")})
	b.must(http.StatusOK, "POST", path+"/decide", contosoKey, map[string]any{"objectId": b.person})
	b.look()
	b.pump()
	r := b.get(contosoKey, id)
	require.Equal(t, "waiting", r.State)
	require.Equal(t, "done", r.task("entra-access").Outcome)
	for _, action := range []string{"access", "export"} {
		b.must(http.StatusOK, "POST", path+"/tasks/paper-files-"+action, contosoKey, map[string]any{"outcome": "partial", "text": "Found " + b.of("manual text")})
	}
	require.Equal(t, "completed", b.get(contosoKey, id).State)
	b.must(http.StatusOK, "GET", path+"/events", contosoKey, nil)
	b.must(http.StatusOK, "GET", path+"/findings", contosoKey, nil)
	b.must(http.StatusOK, "GET", "/api/requests", contosoKey, nil)

	// The package holds what the log must not hold, which shows that the person was handled.
	zip, _ := b.archive(contosoKey, id)
	profile := member(t, zip, "access/entra/profile-0001.json")
	for _, name := range []string{"upn", "mail", "othermail", "phone", "name", "employee", "job", "object id"} {
		require.Contains(t, profile, b.canaries[name], name)
	}
	b.look()
}

func (b *canary) cancel(t *testing.T) {
	b.t = t
	id := b.submit(contosoKey, b.of("key")+"-cancel", asked(entrasim.Contoso, map[string]any{"phone": b.phone()}, "export"))
	b.must(http.StatusOK, "POST", "/api/requests/"+id+"/cancel", contosoKey, map[string]any{"reason": "Withdrawn by " + b.of("cancel reason")})
	b.pump()
	require.Equal(t, "cancelled", b.get(contosoKey, id).State)
	b.must(http.StatusOK, "GET", "/api/requests/"+id+"/events", contosoKey, nil)
}

// bulk sends the person in each way that a list can come, on good lines and on bad ones.
func (b *canary) bulk(t *testing.T) {
	b.t = t
	bad := func(c string) []any {
		subject := map[string]any{"email": "no address " + b.of("bad mail"+c)}
		return []any{map[string]any{"actions": []string{"export"}, "regime": "gdpr", "subject": subject}, map[string]any{b.of("unknown field" + c): 1}, b.of("just text" + c)}
	}
	message := func(reference, c string) string {
		raw, err := json.Marshal(map[string]any{"tenant": entrasim.Contoso, "reference": reference, "items": append(bad(c), b.item(1))})
		require.NoError(t, err)
		return string(raw)
	}
	b.put(queue.Bulk, message("inline", "a"))
	b.put(queue.Bulk, base64.StdEncoding.EncodeToString([]byte(message("inline64", "b"))))
	// ends in bulk-rejected
	b.put(queue.Bulk, strings.Replace(message("stranger", "c"), entrasim.Contoso, uuid.NewString(), 1))
	b.put(queue.Bulk, b.of("no JSON")+`{"tenant":`)
	b.put(queue.Bulk+"-poison", `{"`+b.of("poison")+`":1}`)
	csv := "idempotencyKey,actions,regime,reference,note,userPrincipalName,email,phone,employeeId,name,identifiers,systems\n" +
		strings.Join([]string{b.of("csv key"), "export", "gdpr", b.of("csv reference"), b.of("csv note"), b.upn(), b.mail(), b.phone(), b.of("employee"), b.name(), "customerNumber=" + b.of("customer"), "paper-files"}, ",") + "\n" +
		b.of("short line") + ",x\n,export,gdpr,,,,no address " + b.of("csv mail") + ",,,,,\n,export,gdpr,,,,,,,," + b.of("csv kind") + "=1,\n"
	b.upload(retention.BulkInputs, entrasim.Contoso+"/people.csv", csv)
	b.upload(retention.BulkInputs, entrasim.Contoso+"/headless.csv", b.mail()+","+b.name()+"\n")
	b.put(queue.Bulk, `{"tenant":"`+entrasim.Contoso+`","reference":"blob","blob":"bulk/`+entrasim.Contoso+`/people.csv"}`)
	b.put(queue.Bulk, `{"tenant":"`+entrasim.Contoso+`","reference":"headless","blob":"bulk/`+entrasim.Contoso+`/headless.csv"}`)
	b.put(queue.Bulk, `{"tenant":"`+entrasim.Contoso+`","reference":"else","blob":"bulk/`+b.of("blob path")+`/x.csv"}`)
	item, err := json.Marshal(b.item(2))
	require.NoError(t, err)
	upload := string(item) + "\n{\"" + b.of("broken") + "\n"
	b.must(http.StatusAccepted, "POST", "/api/bulk?reference=upload", contosoKey, upload, "Content-Type: application/x-ndjson", "Idempotency-Key: "+b.of("upload key"))
	b.pump()
	for reference, want := range map[string][]int{"inline": {4, 1, 0, 3}, "inline64": {4, 0, 1, 3}, "blob": {4, 1, 0, 3}, "headless": {0, 0, 0, 0}, "upload": {2, 1, 0, 1}} {
		var got struct {
			ID                                   string
			Lines, Accepted, Duplicate, Rejected int
		}
		b.must(http.StatusOK, "GET", "/api/bulk?reference="+reference, contosoKey, nil).into(t, &got)
		require.Equal(t, want, []int{got.Lines, got.Accepted, got.Duplicate, got.Rejected}, reference)
		b.must(http.StatusOK, "GET", "/api/bulk/"+got.ID+"/results", contosoKey, nil)
	}
	b.look()
}

// badInput puts values into every place where input is refused.
func (b *canary) badInput(t *testing.T) {
	b.t = t
	post := func(body any, headers ...string) {
		r := b.call("POST", "/api/requests", contosoKey, body, append([]string{"Idempotency-Key: " + b.of("key") + "x"}, headers...)...)
		require.Contains(t, []int{400, 404, 409, 413, 415}, r.status, r.body)
	}
	v := b.of("bad")
	base := func(change map[string]any) map[string]any {
		m := asked(entrasim.Contoso, map[string]any{"email": b.mail()}, "export")
		for k, x := range change {
			m[k] = x
		}
		return m
	}
	for _, change := range []map[string]any{
		{"subject": map[string]any{"email": v}},
		{"subject": map[string]any{"userPrincipalName": v}},
		{"subject": map[string]any{"phone": v}},
		{"subject": map[string]any{"objectId": []string{v}}},
		{"subject": map[string]any{v: v}},
		{"subject": map[string]any{"name": v}},
		{v: v},
		{"tenant": v},
		{"actions": []string{v}},
		{"regime": v},
		{"systems": []string{v}},
		{"destination": v},
		{"receivedAt": v},
		{"subject": v},
		{"subject": map[string]any{"email": b.mail(), "relationship": v}},
		{"subject": map[string]any{"email": b.mail(), "residence": v}},
		{"subject": map[string]any{"identifiers": []any{map[string]any{"kind": v, "value": v}}}},
		{"note": strings.Repeat(v, 500)},
		{"reference": strings.Repeat(v, 20)},
	} {
		post(base(change))
	}
	post(`{"` + v + `":1,"` + v + `":2}`)
	post(`{"tenant":"` + v)
	post(v)
	post(base(nil), "Content-Type: "+v)
	b.must(http.StatusAccepted, "POST", "/api/requests", contosoKey, base(nil), "Idempotency-Key: "+b.of("key")+"y")
	b.must(http.StatusConflict, "POST", "/api/requests", contosoKey, base(map[string]any{"note": v}), "Idempotency-Key: "+b.of("key")+"y")
	for _, path := range []string{
		"/api/requests/" + v, "/api/requests/" + v + "/events", "/api/" + v, "/api/requests?" + v + "=1", "/api/requests?tenant=" + v, "/api/requests?cursor=" + v,
		"/api/requests?state=" + v, "/api/requests?dueBefore=" + v, "/api/requests?limit=" + v, "/api/bulk/" + v, "/api/bulk?reference=%20" + v, "/" + v, "/api/health/" + v,
	} {
		r := b.call("GET", path, contosoKey, nil, "X-Azure-Functions-InvocationId: "+v, "User-Agent: "+v)
		require.GreaterOrEqual(t, r.status, 400, path)
	}
	b.must(http.StatusUnauthorized, "GET", "/api/requests", v, nil)
	b.must(http.StatusBadRequest, "GET", "/api/requests?code="+v, contosoKey, nil)
	for _, function := range []string{"work", "fulfil", "work-poison", "fulfil-poison"} {
		for _, text := range []string{v, `{"t":"` + v + `"}`, `{"` + v + `":1}`, `{"t":"` + entrasim.Contoso + `","r":"` + v + `"}`, `{"t":"` + entrasim.Contoso + `","r":"` + uuid.NewString() + `","k":"` + v + `@x"}`} {
			require.Equal(t, http.StatusOK, b.deliver(function, text), text)
		}
		require.Equal(t, http.StatusBadRequest, b.invoke(function, []byte(`{"Data":{"msg":`+v)))
	}
	b.pump()
}

// planted puts a value into every place that was searched, to show that it would have been
// found.
func (b *canary) planted() {
	t, v := b.t, b.of("planted")
	ctx := context.Background()
	b.log.DebugContext(ctx, "x", "value", "a"+v)
	slog.New(slog.NewJSONHandler(b.simLines, nil)).Info("GET /v1.0/users?$filter=" + v)
	slog.Info(v)
	_, span := otel.Tracer("test").Start(ctx, "x")
	span.SetAttributes(attribute.String("url.full", "http://x/?f="+v))
	span.End()
	counter, err := otel.Meter("test").Int64Counter("planted")
	require.NoError(t, err)
	counter.Add(ctx, 1, metric.WithAttributes(attribute.String("value", v)))
	require.NoError(t, b.app.Store.Queues.Send(ctx, queue.Work, queue.Message{Tenant: v}))
	require.NoError(t, b.app.Store.Blobs.Put(ctx, blob.Ref{Container: retention.Findings, Name: v}, []byte(v), map[string]string{"cursor": v}, "text/plain"))
	for table, props := range map[string]map[string]any{
		"requests": {"open": v}, "lists": {"hidden": aztables.EDMBinary("12" + v)}, "keys": {"b64": base64.StdEncoding.EncodeToString([]byte(v))},
	} {
		raw, err := json.Marshal(aztables.EDMEntity{Entity: aztables.Entity{PartitionKey: "p", RowKey: "r"}, Properties: props})
		require.NoError(t, err)
		_, err = b.clients.Tables.NewClient(b.prefix+table).AddEntity(ctx, raw, nil)
		require.NoError(t, err)
	}
	_, err = b.app.Store.Blobs.Stat(ctx, blob.Ref{Container: retention.Parts, Name: v})
	require.Error(t, err)
	b.tap.answer("GET", "/x", reply{status: 400, body: v})
	b.tap.answer("GET", "/x", reply{status: 200, header: http.Header{"Location": {v}}})
	b.tap.answer("GET", "/x/package", reply{status: 200, body: `{"url":"https://x/y?se=1\u0026rscd=` + v + `"}`})
	found := b.leaks()
	for _, where := range []string{
		"log", "simulator's log", "default log", "span", "metric", "queue body", "blob URL", "blob header", "blob body", "row of requests", "row of lists",
		"row of keys", "blob in findings", "API error", "API answer", "link",
	} {
		require.Equal(t, []string{"planted"}, found[where], where)
	}
	require.False(t, bytes.Contains([]byte(fmt.Sprint(found)), []byte("upn")), "only what was planted")
}
