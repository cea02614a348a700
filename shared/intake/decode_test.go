package intake_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/intake"
	"github.com/rightsdesk/rightsdesk/shared/problem"
)

const contoso = "11111111-1111-1111-1111-111111111111"

// body is a request with parts of it replaced or, with nil, left out.
func body(change map[string]any) string {
	m := map[string]any{
		"tenant": contoso, "actions": []any{"export"}, "regime": "gdpr", "subject": map[string]any{"email": "jane@contoso.example"},
	}
	for k, v := range change {
		if v == nil {
			delete(m, k)
			continue
		}
		m[k] = v
	}
	b, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func subject(pairs ...any) map[string]any {
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1]
	}
	return map[string]any{"subject": m}
}

func identifier(kind, value string) map[string]any {
	return subject("identifiers", []any{map[string]any{"kind": kind, "value": value}})
}

func TestASubmissionThatIsRefused(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ä", 513)
	for name, c := range map[string]struct {
		change  map[string]any
		code    problem.Code
		pointer string
	}{
		"no tenant":                       {map[string]any{"tenant": nil}, problem.MissingField, "/tenant"},
		"a tenant that is no id":          {map[string]any{"tenant": "contoso"}, problem.MalformedID, "/tenant"},
		"no actions":                      {map[string]any{"actions": nil}, problem.MissingField, "/actions"},
		"an empty list of actions":        {map[string]any{"actions": []any{}}, problem.MissingField, "/actions"},
		"an unknown action":               {map[string]any{"actions": []any{"export", "forget"}}, problem.UnknownAction, "/actions/1"},
		"a step as an action":             {map[string]any{"actions": []any{"discover"}}, problem.UnknownAction, "/actions/0"},
		"an action twice":                 {map[string]any{"actions": []any{"export", "export"}}, problem.Repeated, "/actions/1"},
		"an unknown regime":               {map[string]any{"regime": "lgpd"}, problem.UnknownRegime, "/regime"},
		"no regime":                       {map[string]any{"regime": nil}, problem.MissingField, "/regime"},
		"an unknown field":                {map[string]any{"colour": "red"}, problem.UnknownField, ""},
		"an unknown field of the subject": {subject("mail", "jane@contoso.example"), problem.UnknownField, "/subject"},
		"an item's field":                 {map[string]any{"idempotencyKey": "k"}, problem.UnknownField, ""},
		"no subject":                      {map[string]any{"subject": nil}, problem.NoIdentifier, "/subject"},
		"an empty subject":                {subject(), problem.NoIdentifier, "/subject"},
		"a name alone":                    {subject("name", "Jane Doe", "residence", "DE"), problem.NoIdentifier, "/subject"},
		"blanks for an identifier":        {subject("employeeId", "  "), problem.NoIdentifier, "/subject"},
		"a date that is none":             {map[string]any{"receivedAt": "yesterday"}, problem.MalformedTime, "/receivedAt"},
		"a date without a zone":           {map[string]any{"receivedAt": "2026-03-01T10:00:00"}, problem.MalformedTime, "/receivedAt"},
		"the 30th of February":            {map[string]any{"receivedAt": "2026-02-30T10:00:00Z"}, problem.MalformedTime, "/receivedAt"},
		"an object id that is none":       {subject("objectId", "jane"), problem.MalformedObjectID, "/subject/objectId"},
		"a UPN without a domain":          {subject("userPrincipalName", "jane"), problem.MalformedUPN, "/subject/userPrincipalName"},
		"a UPN with blanks":               {subject("userPrincipalName", "jane doe@contoso.example"), problem.MalformedUPN, "/subject/userPrincipalName"},
		"an e-mail with a display name":   {subject("email", "Jane <jane@contoso.example>"), problem.MalformedEmail, "/subject/email"},
		"an e-mail with two ats":          {subject("email", "jane@x@contoso.example"), problem.MalformedEmail, "/subject/email"},
		"an e-mail without a dot":         {subject("email", "jane@contoso"), problem.MalformedEmail, "/subject/email"},
		"an e-mail at an address":         {subject("email", "jane@10.0.0.1"), problem.MalformedEmail, "/subject/email"},
		"an e-mail with quotes":           {subject("email", `"jane doe"@contoso.example`), problem.MalformedEmail, "/subject/email"},
		"an e-mail with two dots":         {subject("email", "jane..doe@contoso.example"), problem.MalformedEmail, "/subject/email"},
		"an e-mail with a hyphen first":   {subject("email", "jane@-contoso.example"), problem.MalformedEmail, "/subject/email"},
		"two e-mails in one":              {subject("email", "jane@contoso.example;john@contoso.example"), problem.MalformedEmail, "/subject/email"},
		"an e-mail with a newline":        {subject("email", "jane@contoso.example\nBcc: x"), problem.InvalidValue, "/subject/email"},
		"an e-mail in the list":           {identifier("email", "jane"), problem.MalformedEmail, "/subject/identifiers/0/value"},
		"a phone number in words":         {subject("phone", "call me"), problem.MalformedPhone, "/subject/phone"},
		"a phone number too short":        {subject("phone", "+49 1"), problem.MalformedPhone, "/subject/phone"},
		"a phone number without country":  {subject("phone", "0151 23456789"), problem.MalformedPhone, "/subject/phone"},
		"an unknown country code":         {subject("phone", "+999 1234567"), problem.MalformedPhone, "/subject/phone"},
		"a kind that cannot be one":       {identifier("Customer Number", "4711"), problem.UnknownKind, "/subject/identifiers/0/kind"},
		"a kind without a value":          {identifier("customer-number", " "), problem.MissingField, "/subject/identifiers/0/value"},
		"a long identifier":               {subject("employeeId", long), problem.TooLong, "/subject/employeeId"},
		"a zero byte":                     {subject("employeeId", "a\x00b"), problem.InvalidValue, "/subject/employeeId"},
		"an unknown relationship":         {subject("email", "a@b.example", "relationship", "friend"), problem.InvalidValue, "/subject/relationship"},
		"a residence in words":            {subject("email", "a@b.example", "residence", "Germany"), problem.InvalidValue, "/subject/residence"},
		"a country that is none":          {subject("email", "a@b.example", "residence", "XQ"), problem.InvalidValue, "/subject/residence"},
		"a long note":                     {map[string]any{"note": strings.Repeat("x", 4097)}, problem.TooLong, "/note"},
		"a long reference":                {map[string]any{"reference": strings.Repeat("x", 129)}, problem.MalformedReference, "/reference"},
		"a URL as a destination":          {map[string]any{"destination": "https://x.example/c"}, problem.UnknownDestination, "/destination"},
		"a system that cannot be one":     {map[string]any{"systems": []any{"../x"}}, problem.UnknownSystem, "/systems/0"},
		"a system twice":                  {map[string]any{"systems": []any{"entra", "entra"}}, problem.Repeated, "/systems/1"},
		"a number for an action":          {map[string]any{"actions": []any{1}}, problem.WrongType, "/actions/0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := intake.DecodeRequest([]byte(body(c.change)))
			p := problem.As(err)
			require.NotNil(t, p, "%v", err)
			require.Equal(t, c.code, p.Code, p.Detail)
			require.Equal(t, c.pointer, p.Pointer)
			for _, secret := range []string{"jane", "Jane", "4711", "0151", "contoso.example"} {
				require.NotContains(t, p.Error(), secret)
			}
		})
	}
	many := make([]any, 51)
	for i := range many {
		many[i] = map[string]any{"kind": "email", "value": fmt.Sprintf("a%d@b.example", i)}
	}
	_, err := intake.DecodeRequest([]byte(body(subject("identifiers", many))))
	require.True(t, problem.Is(err, problem.TooMany), "%v", err)
}

func TestWeirdIdentifiersAreTaken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ kind, value, want string }{
		{"email", "O'Brien@Contoso.Example", "O'Brien@contoso.example"},
		{"email", "  jane@contoso.example ", "jane@contoso.example"},
		{"email", "jane+dsr/#1@contoso.example", "jane+dsr/#1@contoso.example"},
		{"email", "jane@b\u00fccher.example", "jane@bücher.example"},
		{"email", "jane@bu\u0308cher.example", "jane@bücher.example"},
		{"userPrincipalName", "jane_fabrikam.example#EXT#@contoso.onmicrosoft.com", "jane_fabrikam.example#EXT#@contoso.onmicrosoft.com"},
		{"userPrincipalName", "d6d1b2c3d4e5f60718293a4b5c6d7e8fjane@contoso.example", "d6d1b2c3d4e5f60718293a4b5c6d7e8fjane@contoso.example"},
		{"objectId", "AAAAAAAA-1111-2222-3333-BBBBBBBBBBBB", "aaaaaaaa-1111-2222-3333-bbbbbbbbbbbb"},
		{"phone", "+49 151 23456789", "+49 151 23456789"},
		{"phone", "+1 (425) 555-0100", "+1 (425) 555-0100"},
		{"employeeId", "E/47#11 🦊 'x'", "E/47#11 🦊 'x'"},
		{"employeeId", strings.Repeat("🦊", 256), strings.Repeat("🦊", 256)},
		{"customer-number", "=1+1", "=1+1"},
	} {
		s, err := intake.DecodeRequest([]byte(body(identifier(c.kind, c.value))))
		require.NoError(t, err, c.value)
		require.Len(t, s.Subject.Identifiers, 1)
		require.Equal(t, c.want, s.Subject.Identifiers[0].Value.Reveal())
	}
	s, err := intake.DecodeRequest([]byte(body(subject("phone", "0151 23456789", "residence", "DE-BY"))))
	require.NoError(t, err, "a national number of the country of residence")
	require.Equal(t, "DE-BY", s.Subject.Residence.Reveal())
	phones := s.Subject.Of(dsr.Phone)
	require.Len(t, phones, 2, "as it was written, and as every country reads it")
	require.Equal(t, "0151 23456789", phones[0].Reveal())
	require.Equal(t, "+4915123456789", phones[1].Reveal())
}

func TestOneIdentifierGivenTwiceCountsOnce(t *testing.T) {
	t.Parallel()
	s, err := intake.DecodeRequest([]byte(body(subject("email", "jane@contoso.example", "identifiers", []any{
		map[string]any{"kind": "email", "value": " jane@CONTOSO.example"}, map[string]any{"kind": "email", "value": "j@contoso.example"},
	}))))
	require.NoError(t, err)
	require.Len(t, s.Subject.Of(dsr.Email), 2)
}

func TestTheCanonicalFormIsTheSameForTheSameRequest(t *testing.T) {
	t.Parallel()
	plain, err := intake.DecodeRequest([]byte(body(map[string]any{"receivedAt": "2026-03-01T10:00:00Z"})))
	require.NoError(t, err)
	spaced, err := intake.DecodeItem([]byte(`{ "idempotencyKey":"k", "subject":{"email":"jane@CONTOSO.example "},"note":null,
		"regime":"gdpr","receivedAt":"2026-03-01T11:00:00+01:00","actions":["export"]}`))
	require.NoError(t, err)
	require.Equal(t, "k", spaced.Key)
	require.Empty(t, spaced.Tenant)
	require.Equal(t, plain.Canonical().Reveal(), spaced.Canonical().Reveal())
	other, err := intake.DecodeRequest([]byte(body(map[string]any{"receivedAt": "2026-03-01T10:00:01Z"})))
	require.NoError(t, err)
	require.NotEqual(t, plain.Canonical().Reveal(), other.Canonical().Reveal())
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", plain, plain, plain), "jane")
}

func TestAnItem(t *testing.T) {
	t.Parallel()
	for raw, code := range map[string]problem.Code{
		`{"tenant":"` + contoso + `","actions":["export"]}`:  problem.UnknownField,
		`{"idempotencyKey":"","actions":["export"]}`:         problem.MalformedIdempotencyKey,
		`{"idempotencyKey":"a\u0007b","actions":["export"]}`: problem.MalformedIdempotencyKey,
		`{"idempotencyKey":"ä","actions":["export"]}`:        problem.MalformedIdempotencyKey,
		`"jane@contoso.example"`:                             problem.NotAnObject,
		``:                                                   problem.EmptyBody,
	} {
		_, err := intake.DecodeItem([]byte(raw))
		require.True(t, problem.Is(err, code), "%s: %v", raw, err)
	}
	require.True(t, intake.ValidKey(strings.Repeat("k", 255)))
	require.False(t, intake.ValidKey(strings.Repeat("k", 256)))
}

func FuzzDecodeItem(f *testing.F) {
	f.Add([]byte(`{"idempotencyKey":"k","actions":["export","access"],"regime":"ccpa","subject":{"email":"a@b.example","phone":"+49 151 23456789","residence":"US-CA"}}`))
	f.Add([]byte(`{"actions":["export"],"regime":"gdpr","subject":{"objectId":"AAAAAAAA-1111-2222-3333-BBBBBBBBBBBB","identifiers":[{"kind":"x","value":"y"}]},"receivedAt":"2026-03-01T11:00:00+01:00"}`))
	f.Add([]byte(`{"actions":["export"],"regime":"gdpr","subject":{"userPrincipalName":"O'Brien@x.y"},"note":"a\nb","reference":"r","systems":["entra"],"destination":"d"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := intake.DecodeItem(raw)
		if err != nil {
			require.NotNil(t, problem.As(err), "%v", err)
			return
		}
		require.NotEmpty(t, s.Subject.Identifiers)
		again, err := intake.DecodeItem([]byte(s.Canonical().Reveal()))
		require.NoError(t, err, "the canonical form is itself an item")
		require.Equal(t, s.Canonical().Reveal(), again.Canonical().Reveal(), "and stays as it is")
	})
}
