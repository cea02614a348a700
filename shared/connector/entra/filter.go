package entra

import (
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

// lookup is one question of a discovery: a filter on the users or on the deleted ones.
type lookup struct {
	filter  string
	deleted bool
	// advanced marks a filter that Graph answers from its index only. The index lags behind, so
	// nothing else uses it.
	advanced bool
	// accept is asked about each match where the filter is wider than what is meant; nil
	// accepts all.
	accept func(found) bool
}

// quote escapes a text for a string literal of a filter (OData 4.01 URL conventions, section
// 5.1.1.6.1).
func quote(s string) string { return strings.ReplaceAll(s, "'", "''") }

func eq(property, value string) string { return property + " eq '" + quote(value) + "'" }

func anyEq(property, value string) string { return property + "/any(x:x eq '" + quote(value) + "')" }

// lookups are the questions for one identifier, and what the answer does not cover.
func lookups(kind, value string) (asks []lookup, gap string) {
	switch kind {
	case dsr.ObjectID:
		if !dsr.ValidGUID(strings.ToLower(value)) {
			// Graph would answer 400
			return nil, "The object id does not have the form of Microsoft Entra ID's, so it was not looked for."
		}
		return both(eq("id", value)), ""
	case dsr.UserPrincipalName:
		return []lookup{{filter: eq("userPrincipalName", value)}, mangled(value)}, ""
	case dsr.Email:
		return append(both(
			eq("mail", value), anyEq("otherMails", value), anyEq("proxyAddresses", proxy(value)), eq("userPrincipalName", value), invited(value),
		), mangled(value)), ""
	case dsr.Phone:
		return phone(value), ""
	case dsr.EmployeeID:
		return both(eq("employeeId", value)), ""
	case OtherMail:
		return both(anyEq("otherMails", value)), ""
	case ProxyAddress:
		return both(anyEq("proxyAddresses", proxy(value))), ""
	case GuestAddress:
		return both(eq("mail", value), anyEq("otherMails", value), invited(value)), ""
	case ExternalSignInName:
		return signInName(value)
	}
	return nil, ""
}

// both asks the users and the deleted ones for any of the clauses.
func both(clauses ...string) []lookup {
	filter := strings.Join(clauses, " or ")
	return []lookup{{filter: filter}, {filter: filter, deleted: true}}
}

// mangled finds a deleted user by the name that it had: Graph puts the object id without dashes
// before it. The filter also fits names that merely end alike, so each match is held against
// its own id.
func mangled(upn string) lookup {
	return lookup{
		filter: "endsWith(userPrincipalName,'" + quote(upn) + "')", deleted: true, advanced: true,
		accept: func(f found) bool {
			return strings.EqualFold(f.UPN, strings.ReplaceAll(f.ID, "-", "")+upn)
		},
	}
}

// invited finds a guest by the invited address, which the user principal name holds as
// name_domain#EXT#.
func invited(address string) string {
	i := strings.LastIndexByte(address, '@')
	if i < 0 {
		return eq("mail", address)
	}
	return "startsWith(userPrincipalName,'" + quote(address[:i]+"_"+address[i+1:]+"#EXT#@") + "')"
}

// proxy adds the scheme that a proxy address begins with.
func proxy(address string) string {
	if strings.Contains(address, ":") {
		return address
	}
	return "smtp:" + address
}

// phone asks for a number as it was given and as directories commonly write it: the directory
// compares text, not numbers.
func phone(value string) []lookup {
	forms := []string{value}
	add := func(s string) {
		for _, f := range forms {
			if f == s {
				return
			}
		}
		forms = append(forms, s)
	}
	if n, err := phonenumbers.Parse(value, ""); err == nil {
		e164 := phonenumbers.Format(n, phonenumbers.E164)
		international := phonenumbers.Format(n, phonenumbers.INTERNATIONAL)
		add(e164)
		add(international)
		add(strings.ReplaceAll(international, "-", " "))
		if code, rest, ok := strings.Cut(international, " "); ok {
			// as Entra writes numbers of authentication methods
			add(code + " " + strings.NewReplacer(" ", "", "-", "").Replace(rest))
		}
	}
	var clauses []string
	for _, f := range forms {
		clauses = append(clauses, eq("mobilePhone", f), anyEq("businessPhones", f))
	}
	out := both(clauses...)
	for i := range out {
		out[i].advanced = true // mobilePhone is indexed for advanced queries only
	}
	return out
}

// issuers are those of federated identities that Microsoft documents, for names that come
// without theirs.
var issuers = []string{"google.com", "facebook.com", "live.com", "MicrosoftAccount", "mail", "ExternalAzureAD"}

// signInName asks for "issuer|name". Graph refuses to look for a name alone, so without an
// issuer the known ones and the name's own domain are tried.
func signInName(value string) ([]lookup, string) {
	if issuer, name, ok := strings.Cut(value, "|"); ok {
		return both(identity(issuer, name)), ""
	}
	try := issuers
	if i := strings.LastIndexByte(value, '@'); i >= 0 {
		try = append([]string{value[i+1:]}, issuers...)
	}
	var clauses []string
	for _, issuer := range try {
		clauses = append(clauses, identity(issuer, value))
	}
	return both(clauses...), "An external sign-in name was given without its issuer: only well-known issuers could be asked for."
}

func identity(issuer, name string) string {
	return "identities/any(x:x/issuerAssignedId eq '" + quote(name) + "' and x/issuer eq '" + quote(issuer) + "')"
}
