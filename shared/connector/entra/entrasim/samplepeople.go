package entrasim

import (
	"encoding/base64"
	"fmt"
	"maps"
	"strings"
	"time"
)

// everybody makes the named people, and ordinary ones until there are n that are not deleted.
func (b *builder) everybody(n int) {
	var cast []casting
	if b.t.id == Contoso {
		cast = contosoCast
	} else {
		cast = fabrikamCast
	}
	made := 0
	var ids []string
	for i, c := range cast {
		if b.err != nil {
			return
		}
		ids = append(ids, b.person(i, c))
		if c.deletedAgo == 0 {
			made++
		}
	}
	for i := len(cast); made < n && b.err == nil; i, made = i+1, made+1 {
		ids = append(ids, b.person(i, b.ordinary(i)))
	}
	b.managers(ids)
	b.t.signIns = newestFirst(b.t.signIns)
	for i, c := range cast {
		if c.deletedAgo > 0 {
			p := b.t.people[ids[i]]
			markDeleted(p, b.born.Add(-c.deletedAgo))
		}
	}
}

func (b *builder) ordinary(i int) casting {
	given, last := givenNames[i%len(givenNames)], surnames[(i/len(givenNames)+i)%len(surnames)]
	return casting{
		key: fmt.Sprint("person/", i), given: given.text, surname: last.text, rich: i%20 == 4, synced: i%3 == 0,
		upn: fmt.Sprintf("%s.%s%d@%s", given.slug, last.slug, i, b.t.domain),
	}
}

// person stores one user with everything that hangs on it and returns the id.
func (b *builder) person(i int, c casting) string {
	id := b.id("user", c.key)
	user := b.profile(i, id, c)
	if c.synced {
		maps.Copy(user, b.onPremises(i, c))
	}
	if c.guest {
		maps.Copy(user, b.guest(c))
	} else {
		maps.Copy(user, b.licence(i))
	}
	maps.Copy(user, c.properties)
	if err := b.d.add(b.t, user); err != nil {
		b.fail(fmt.Errorf("person %d: %w", i, err))
		return id
	}
	p := b.t.people[id]
	b.memberships(i, p, c)
	b.devices(i, p)
	b.methods(i, p)
	b.access(i, p, c)
	b.activity(i, p, c)
	return id
}

func (b *builder) profile(i int, id string, c casting) Record {
	at, alias := places[i%len(places)], c.upn[:strings.Index(c.upn, "@")]
	created := time.Duration(200+3*i) * day
	return Record{
		"id": id, "userPrincipalName": c.upn, "displayName": strings.TrimSpace(c.given + " " + c.surname), "givenName": c.given, "surname": c.surname,
		"mail": c.upn, "mailNickname": alias, "otherMails": []any{alias + "@home.example"},
		"proxyAddresses": []any{"SMTP:" + c.upn, "smtp:" + alias + "@mail." + b.t.domain},
		"identities":     []any{Record{"signInType": "userPrincipalName", "issuer": b.t.domain, "issuerAssignedId": c.upn}},
		"accountEnabled": i%29 != 5, "userType": "Member", "createdDateTime": b.ago(created), "deletedDateTime": nil,
		"jobTitle": jobTitles[i%len(jobTitles)], "department": departments[i%len(departments)], "companyName": strings.TrimSuffix(b.t.domain, ".example"),
		"employeeId": fmt.Sprintf("E%05d", 10000+i), "employeeType": "Employee", "employeeHireDate": b.ago(created + 5*day), "employeeLeaveDateTime": b.leave(i),
		"officeLocation": fmt.Sprintf("Building %d / %d", i%9+1, 100+i), "streetAddress": at.street, "city": at.city, "state": orNull(at.state),
		"postalCode": at.postal, "country": at.country, "usageLocation": at.usage, "preferredLanguage": at.language,
		"mobilePhone": fmt.Sprintf("+447700900%03d", i%1000), "businessPhones": []any{fmt.Sprintf("+49 30 23125 %03d", i%1000)},
		"faxNumber": orNull(map[bool]string{true: fmt.Sprintf("+49 30 23125 %03d", (i+500)%1000)}[i%10 == 0]), "imAddresses": []any{"sip:" + c.upn},
		"securityIdentifier": fmt.Sprintf("S-1-12-1-%d-%d-%d-%d", 100000+i, 200000+i, 300000+i, 400000+i), "showInAddressList": true,
		"lastPasswordChangeDateTime": b.ago(time.Duration(30+i%60) * day), "signInSessionsValidFromDateTime": b.ago(time.Duration(30+i%60) * day),
		"passwordPolicies": "None", "isResourceAccount": false,
	}
}

// leave is when somebody is going to leave; the directory knows it of few.
func (b *builder) leave(i int) any {
	if i%25 != 1 {
		return nil
	}
	return b.ago(-time.Duration(30+i%60) * day)
}

// orNull writes what is empty as the directory does.
func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func (b *builder) onPremises(i int, c casting) Record {
	alias := c.upn[:strings.Index(c.upn, "@")]
	return Record{
		"onPremisesSyncEnabled": true, "onPremisesLastSyncDateTime": b.ago(time.Duration(i%48+1) * time.Hour),
		"onPremisesDomainName": "corp." + b.t.domain, "onPremisesSamAccountName": "u" + fmt.Sprintf("%05d", i),
		"onPremisesDistinguishedName":  "CN=" + strings.ReplaceAll(c.given+" "+c.surname, ",", `\,`) + ",OU=People,DC=corp",
		"onPremisesImmutableId":        base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "immutable-%06d", i)),
		"onPremisesSecurityIdentifier": fmt.Sprintf("S-1-5-21-1-2-3-%d", 1000+i), "onPremisesUserPrincipalName": alias + "@corp." + b.t.domain,
		"onPremisesExtensionAttributes": Record{"extensionAttribute1": fmt.Sprintf("CC-%03d", i%100), "extensionAttribute2": nil, "extensionAttribute15": "badge " + fmt.Sprint(7000+i)},
	}
}

// guest is an invited person. The address that was invited is the mail, and the user principal name
// holds it as name_domain#EXT#.
func (b *builder) guest(c casting) Record {
	invited, _ := c.properties["mail"].(string)
	return Record{
		"userType": "Guest", "creationType": "Invitation", "externalUserState": "Accepted", "externalUserStateChangeDateTime": b.ago(90 * day),
		"otherMails": []any{invited}, "proxyAddresses": []any{"SMTP:" + invited}, "imAddresses": []any{}, "businessPhones": []any{},
		"employeeId": nil, "employeeType": nil, "employeeHireDate": nil, "mobilePhone": nil, "usageLocation": nil,
		"assignedLicenses": []any{}, "licenseAssignmentStates": []any{},
		"identities": []any{
			Record{"signInType": "userPrincipalName", "issuer": b.t.domain, "issuerAssignedId": c.upn},
			Record{"signInType": "federated", "issuer": "ExternalAzureAD", "issuerAssignedId": nil},
		},
	}
}

// managers gives everybody but the first a manager: the person an eighth as far down the list.
func (b *builder) managers(ids []string) {
	for i, id := range ids {
		if p := b.t.people[id]; p != nil && i > 0 {
			p.manager = ids[(i-1)/8]
		}
	}
}
