package entrasim

import (
	"time"
)

// contosoCast are the people with a name in the guides and the tests. Jane's manager is John,
// since the first of the list manages the next ones.
var contosoCast = []casting{
	{
		key: "john", upn: "john@contoso.example", given: "John", surname: "Roe", rich: true,
		properties: Record{"jobTitle": "Head of Operations", "mobilePhone": "+14255550110", "aboutMe": "Runs operations.", "skills": []any{"planning"}},
	},
	{
		key: "jane", upn: "jane@contoso.example", given: "Jane", surname: "Doe", rich: true,
		properties: Record{
			"jobTitle": "Privacy Counsel", "mobilePhone": "+14255550100", "businessPhones": []any{"+1 425 555 0101"}, "faxNumber": "+1 425 555 0102",
			"employeeId": "E00042", "otherMails": []any{"jane.doe@home.example", "jd+work@mail.example"}, "ageGroup": "adult",
			"legalAgeGroupClassification": "adult", "aboutMe": "Likes “quotes”, commas, and\nnew lines.",
			"interests": []any{"chess", "=1+1"}, "skills": []any{"privacy law"}, "birthday": "1985-02-28T00:00:00Z", "preferredName": "Janie",
			"identities": []any{
				Record{"signInType": "userPrincipalName", "issuer": "contoso.example", "issuerAssignedId": "jane@contoso.example"},
				Record{"signInType": "emailAddress", "issuer": "contoso.example", "issuerAssignedId": "jane.customer@shop.example"},
			},
		},
	},
	{
		key: "sam1", upn: "sam.lee@contoso.example", given: "Sam", surname: "Lee",
		properties: Record{"otherMails": []any{"family.lee@home.example"}},
	},
	{
		key: "sam2", upn: "sam.lee2@contoso.example", given: "Sam", surname: "Lee",
		properties: Record{"otherMails": []any{"family.lee@home.example", "sam.two@home.example"}},
	},
	{
		key: "guest", upn: "maria.guest_partner.example#EXT#@contoso.example", given: "María", surname: "Guest", guest: true,
		properties: Record{"mail": "maria.guest@partner.example", "companyName": "Partner"},
	},
	{
		key: "guest2", upn: "luis_mail.example#EXT#@contoso.example", given: "Luís", surname: "O'Guest", guest: true,
		properties: Record{
			"mail": "luis@mail.example", "externalUserState": "PendingAcceptance",
			"identities": []any{
				Record{"signInType": "userPrincipalName", "issuer": "contoso.example", "issuerAssignedId": "luis_mail.example#EXT#@contoso.example"},
				Record{"signInType": "federated", "issuer": "google.com", "issuerAssignedId": "luis@mail.example"},
			},
		},
	},
	{key: "former", upn: "former.worker@contoso.example", given: "Former", surname: "Worker", deletedAgo: 3 * day, properties: Record{"mobilePhone": "+14255550120"}},
	{key: "former2", upn: "long.gone@contoso.example", given: "Long", surname: "Gone", deletedAgo: 20 * day},
	{key: "synced", upn: "ona.prem@contoso.example", given: "Ona", surname: "Prem", synced: true},
	{key: "apostrophe", upn: "pat.o'brien@contoso.example", given: "Pat", surname: "O'Brien"},
	{key: "plus", upn: "plus+tag@contoso.example", given: "Plüs & \"Tag\"", surname: "😀"},
}

// fabrikamCast has a Jane too, so that a test sees when a record crosses from tenant to tenant.
var fabrikamCast = []casting{
	{key: "pim", upn: "pim@fabrikam.example", given: "Pim", surname: "Boss", rich: true},
	{key: "jane", upn: "jane@fabrikam.example", given: "Jane", surname: "Doe", properties: Record{"otherMails": []any{"jane.doe@home.example"}}},
	{key: "former", upn: "former.worker@fabrikam.example", given: "Former", surname: "Worker", deletedAgo: 5 * day},
}

// casting is what is special about somebody.
type casting struct {
	key        string // identifies the person in the sample
	upn        string
	given      string
	surname    string
	properties Record
	rich       bool // several pages of memberships and sign-ins
	deletedAgo time.Duration
	guest      bool
	synced     bool
}
