package filter

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph/graphsim/contract"
)

func sampleUser() map[string]any {
	return map[string]any{
		"displayName": "Pat O'Brien", "mail": "Pat@A.example", "employeeId": nil, "accountEnabled": true, "createdDateTime": "2026-05-01T12:00:00Z",
		"otherMails": []any{"one@home.example", "two@home.example"}, "proxyAddresses": []any{"SMTP:pat@a.example"},
		"identities": []any{
			map[string]any{"issuer": "a.example", "issuerAssignedId": "pat", "signInType": "emailAddress"},
			map[string]any{"issuer": "b.example", "issuerAssignedId": "other", "signInType": "federated"},
		},
		"onPremisesExtensionAttributes": map[string]any{"extensionAttribute1": "CC-1"},
	}
}

func TestFilterMatches(t *testing.T) {
	t.Parallel()
	api, err := contract.Load()
	require.NoError(t, err)
	for text, want := range map[string]bool{
		`displayName eq 'Pat O''Brien'`:                         true,
		`displayName eq 'pat o''brien'`:                         true,
		`displayName eq 'Pat'`:                                  false,
		`employeeId eq null`:                                    true,
		`mail eq null`:                                          false,
		`accountEnabled eq true`:                                true,
		`accountEnabled eq false`:                               false,
		`mail eq 'x' or mail eq 'pat@a.example'`:                true,
		`mail eq 'pat@a.example' and displayName eq 'x'`:        false,
		`mail eq 'x' or mail eq 'y' and accountEnabled eq true`: false,
		`(mail eq 'pat@a.example' or mail eq 'y') and (mail eq 'pat@a.example')`:              true,
		`startswith(displayName,'pat o''')`:                                                   true,
		`startsWith(displayName, 'brien')`:                                                    false,
		`endsWith(mail,'@a.example')`:                                                         true,
		`otherMails/any(x:x eq 'TWO@home.example')`:                                           true,
		`otherMails/any(m: startswith(m,'three'))`:                                            false,
		`proxyAddresses/any(x:x eq 'smtp:pat@a.example')`:                                     true,
		`identities/any(c:c/issuerAssignedId eq 'pat' and c/issuer eq 'a.example')`:           true,
		`identities/any(c:c/issuerAssignedId eq 'pat' and c/issuer eq 'b.example')`:           false,
		`onPremisesExtensionAttributes/extensionAttribute1 eq 'CC-1'`:                         true,
		`createdDateTime ge 2026-05-01T12:00:00Z and createdDateTime le 2026-05-02T00:00:00Z`: true,
		`createdDateTime ge 2026-05-01T12:00:01Z`:                                             false,
		`createdDateTime eq 2026-05-01T14:00:00+02:00`:                                        true,
	} {
		f, err := Parse(text, "user", api)
		require.NoError(t, err, text)
		require.Equal(t, want, f.Match(sampleUser()), text)
	}
}

func TestFilterRefusals(t *testing.T) {
	t.Parallel()
	api, err := contract.Load()
	require.NoError(t, err)
	for name, text := range map[string]string{
		"nothing":                    ``,
		"unknown property":           `shoeSize eq '1'`,
		"unknown member":             `onPremisesExtensionAttributes/colour eq '1'`,
		"unknown member in any":      `identities/any(c:c/colour eq '1')`,
		"identities without issuer":  `identities/any(c:c/issuerAssignedId eq 'pat')`,
		"ne":                         `mail ne 'x'`,
		"not":                        `not (mail eq 'x')`,
		"in":                         `mail in ('x','y')`,
		"contains":                   `contains(mail,'x')`,
		"all":                        `otherMails/all(x:x eq 'y')`,
		"any on a single value":      `mail/any(x:x eq 'y')`,
		"nested any":                 `otherMails/any(x:otherMails/any(y:y eq 'z'))`,
		"other variable":             `otherMails/any(x:y eq 'z')`,
		"resource property in any":   `otherMails/any(x:mail eq 'z')`,
		"element as an object":       `otherMails/any(x:x/y eq 'z')`,
		"array compared":             `otherMails eq 'x'`,
		"object compared":            `onPremisesExtensionAttributes eq 'x'`,
		"number for a string":        `mail eq 5`,
		"string for a boolean":       `accountEnabled eq 'true'`,
		"quoted time":                `createdDateTime ge '2026-05-01T00:00:00Z'`,
		"no time":                    `createdDateTime ge 2026-99-01T00:00:00Z`,
		"ge on a string":             `mail ge 'x'`,
		"null for what has none":     `birthday eq null`,
		"unterminated string":        `mail eq 'x`,
		"quote that was not doubled": `displayName eq 'O'Brien'`,
		"two expressions":            `mail eq 'x' mail eq 'y'`,
		"open parenthesis":           `(mail eq 'x'`,
		"closing parenthesis":        `mail eq 'x')`,
		"operator only":              `eq`,
		"no value":                   `mail eq`,
		"trailing and":               `mail eq 'x' and`,
		"function without argument":  `startswith(mail)`,
		"function on a boolean":      `startswith(accountEnabled,'t')`,
		"injected option":            `mail eq 'x'&$top=1`,
		"control character":          "mail eq 'x'\x00",
		"semicolon":                  `mail eq 'x'; drop`,
		"not UTF-8":                  "mail eq '\xff'",
		"too deep":                   strings.Repeat("(", 100) + `mail eq 'x'` + strings.Repeat(")", 100),
		"too long":                   `mail eq '` + strings.Repeat("x", maxFilterBytes) + `'`,
		"annotation":                 `@odata.type eq 'x'`,
	} {
		_, err := Parse(text, "user", api)
		require.Error(t, err, name)
	}
}

// FuzzFilter holds that the parser never panics, never quotes a value in an error, and that
// what it accepts can be evaluated.
func FuzzFilter(f *testing.F) {
	for _, seed := range []string{
		`mail eq 'jane'`, `identities/any(c:c/issuerAssignedId eq 'a' and c/issuer eq 'b')`, `startswith(displayName,'O''B')`,
		`((((`, `'`, `otherMails/any(x:x eq 'y') or createdDateTime ge 2026-05-01T12:00:00Z`, `a/b/c/d eq null`, `-`, `//`, "\xff",
	} {
		f.Add(seed)
	}
	api, err := contract.Load()
	if err != nil {
		f.Fatal(err)
	}
	user := sampleUser()
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := Parse(text, "user", api)
		if err != nil {
			if strings.Contains(text, "canary") && strings.Contains(err.Error(), "canary") {
				t.Fatal("the error quotes the filter")
			}
			return
		}
		parsed.Match(user)
		parsed.Match(nil)
	})
}
