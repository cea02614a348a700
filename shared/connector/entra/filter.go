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
	// no other filter uses it.
	advanced bool
	// formerUPN is set where the filter is wider than what is meant: only accounts whose user
	// principal name was this one before they were deleted are accepted.
	formerUPN string
}

// quote escapes a text for a string literal of a filter (OData 4.01 URL conventions, section
// 5.1.1.6.1).
func quote(s string) string { return strings.ReplaceAll(s, "'", "''") }

func eq(property, value string) string { return property + " eq '" + quote(value) + "'" }

func anyEq(property, value string) string { return property + "/any(x:x eq '" + quote(value) + "')" }

// lookups are the questions for one identifier. The gap says what their answers do not cover.
func lookups(kind, value string) (asks []lookup, gap string) {
	switch kind {
	case dsr.ObjectID:
		if !dsr.ValidGUID(strings.ToLower(value)) {
			// Graph answers 400 to such an id.
			return nil, "The object id does not have the form of an object id in Microsoft Entra ID, so it was not looked for."
		}
		return both(eq("id", value)), ""
	case dsr.UserPrincipalName:
		return []lookup{{filter: eq("userPrincipalName", value)}, formerly(value)}, ""
	case dsr.Email:
		return append(both(
			eq("mail", value), anyEq("otherMails", value), anyEq("proxyAddresses", proxy(value)), eq("userPrincipalName", value), invited(value),
		), formerly(value)), ""
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

// formerly finds a deleted user by the user principal name that it had. When a user is deleted,
// Graph puts the object id without dashes before the name. The filter also fits names that
// merely end alike, so accepts compares each match with its own id.
func formerly(upn string) lookup {
	return lookup{filter: "endsWith(userPrincipalName,'" + quote(upn) + "')", deleted: true, advanced: true, formerUPN: upn}
}

// accepts reports whether a match of the filter is what the look-up means.
func (l lookup) accepts(f found) bool {
	return l.formerUPN == "" || strings.EqualFold(f.UPN, strings.ReplaceAll(f.ID, "-", "")+l.formerUPN)
}

// invited finds a guest by the invited address. The user principal name holds it as
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

// phone asks for a number as it was given and as directories commonly write it, since the
// directory compares texts, not numbers.
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
			// Entra writes the numbers of authentication methods so.
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

// issuers are the issuers of federated identities that Microsoft documents. They are tried for
// a name that comes without its issuer.
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
