package entrasim

import (
	"fmt"
	"time"
)

// The SKU ids are Microsoft's published ones for E3 and E5.
var skus = []struct{ id, part string }{
	{"05e9a617-0261-4cee-bb44-138d3ef5d965", "SPE_E3"},
	{"06ebc4ee-1bb5-47dd-8120-11324bc54e06", "SPE_E5"},
}

func (b *builder) licence(i int) Record {
	sku := skus[i%len(skus)]
	return Record{
		"assignedLicenses": []any{Record{"skuId": sku.id, "disabledPlans": []any{}}},
		"licenseAssignmentStates": []any{Record{
			"skuId": sku.id, "disabledPlans": []any{}, "assignedByGroup": nil, "error": "None", "state": "Active",
			"lastUpdatedDateTime": b.ago(time.Duration(100+i%50) * day),
		}},
	}
}

// memberships links groups, units, roles and ownerships.
func (b *builder) memberships(i int, p *person, c casting) {
	count := 2 + b.rng.IntN(6)
	if c.rich {
		count = min(105+b.rng.IntN(80), len(b.groups))
	}
	start := b.rng.IntN(len(b.groups))
	for n := range count {
		p.links["memberOf"] = append(p.links["memberOf"], b.groups[(start+n)%len(b.groups)])
	}
	p.links["memberOf"] = append(p.links["memberOf"], b.units[i%len(b.units)])
	if i%5 == 0 {
		p.links["ownedObjects"] = append(p.links["ownedObjects"], b.groups[(start+1)%len(b.groups)], b.apps[i%len(b.apps)])
		p.links["createdObjects"] = append(p.links["createdObjects"], b.groups[(start+1)%len(b.groups)])
	}
	if c.guest {
		p.links["sponsors"] = []string{b.t.order[0]}
	}
	if i%50 == 1 {
		b.role(p, i)
	}
}

func (b *builder) role(p *person, i int) {
	role := b.roles[i/50%len(b.roles)]
	p.links["memberOf"] = append(p.links["memberOf"], role)
	b.t.assignments = append(b.t.assignments, b.checked("unifiedRoleAssignment", Record{
		"id": b.id("assignment", p.id), "principalId": p.id, "roleDefinitionId": b.t.objects[role]["roleTemplateId"],
		"directoryScopeId": "/", "appScopeId": nil, "condition": nil,
	}))
	unit := b.units[i%len(b.units)]
	p.lists["scopedRoleMemberOf"] = []Record{b.checked("scopedRoleMembership", Record{
		"id": b.id("scoped", p.id), "roleId": role, "administrativeUnitId": unit,
		"roleMemberInfo": Record{"id": p.id, "displayName": p.record["displayName"]},
	})}
}

func (b *builder) devices(i int, p *person) {
	for n := range 1 + i%2 {
		key := fmt.Sprint(p.id, "/", n)
		id := b.object("device", Record{
			"id": b.id("device", key), "deviceId": b.id("deviceId", key), "displayName": fmt.Sprintf("LAPTOP-%05d-%d", i, n),
			"accountEnabled": true, "operatingSystem": systems[(i+n)%len(systems)], "operatingSystemVersion": "10.0.22631",
			"manufacturer": "Example Devices", "model": "Model " + string(rune('A'+i%5)), "trustType": "AzureAd", "isCompliant": i%4 != 0, "isManaged": true,
			"deviceOwnership": "Company", "registrationDateTime": b.ago(time.Duration(150+i%40) * day),
			"approximateLastSignInDateTime": b.ago(time.Duration(1+i%9) * day), "physicalIds": []any{}, "systemLabels": []any{},
			"profileType": "RegisteredDevice", "deletedDateTime": nil,
		})
		p.links["registeredDevices"] = append(p.links["registeredDevices"], id)
		if n == 0 {
			p.links["ownedDevices"] = append(p.links["ownedDevices"], id)
		}
	}
}

// The ids of the password and of the phones are the same for everybody; Microsoft documents them.
const (
	passwordMethod = "28c10230-6103-485e-b985-444c60001490"
	mobileMethod   = "3179e48a-750b-4051-897c-87b9720928f7"
)

func (b *builder) methods(i int, p *person) {
	add := func(kind string, r Record) {
		r["@odata.type"] = "#microsoft.graph." + kind + "AuthenticationMethod"
		p.lists["methods"] = append(p.lists["methods"], b.checked("authenticationMethod", r))
	}
	since := b.ago(time.Duration(60+i%30) * day)
	add("password", Record{"id": passwordMethod, "password": nil, "createdDateTime": since})
	if phone := p.record["mobilePhone"]; phone != nil {
		add("phone", Record{"id": mobileMethod, "phoneNumber": phone, "phoneType": "mobile", "smsSignInState": "notAllowedByPolicy", "createdDateTime": since})
	}
	switch i % 4 {
	case 0:
		add("email", Record{"id": b.id("method", p.id), "emailAddress": fmt.Sprintf("recovery%d@home.example", i), "createdDateTime": since})
	case 1:
		add("microsoftAuthenticator", Record{"id": b.id("method", p.id), "displayName": "Phone of " + fmt.Sprint(p.record["givenName"]), "deviceTag": "SoftwareTokenActivated", "phoneAppVersion": "6.8.1", "createdDateTime": since})
	case 2:
		add("fido2", Record{"id": b.id("method", p.id), "displayName": "Security key", "aaGuid": b.id("aaguid", 0), "model": "Example Key", "attestationCertificates": []any{}, "attestationLevel": "attested", "createdDateTime": since})
	case 3:
		add("windowsHelloForBusiness", Record{"id": b.id("method", p.id), "displayName": fmt.Sprintf("LAPTOP-%05d-0", i), "keyStrength": "normal", "createdDateTime": since})
	}
}

// access makes licences, app roles and consents.
func (b *builder) access(i int, p *person, c casting) {
	sku := skus[i%len(skus)]
	if !c.guest {
		p.lists["licenseDetails"] = []Record{b.checked("licenseDetails", Record{
			"id": b.id("licence", p.id), "skuId": sku.id, "skuPartNumber": sku.part,
			"servicePlans": []any{
				Record{"servicePlanId": b.id("plan", 0), "servicePlanName": "EXCHANGE_S_ENTERPRISE", "provisioningStatus": "Success", "appliesTo": "User"},
				Record{"servicePlanId": b.id("plan", 1), "servicePlanName": "SHAREPOINTENTERPRISE", "provisioningStatus": "Success", "appliesTo": "User"},
			},
		})}
	}
	for n := range 1 + i%3 {
		app := b.t.objects[b.apps[(i+n)%len(b.apps)]]
		p.lists["appRoleAssignments"] = append(p.lists["appRoleAssignments"], b.checked("appRoleAssignment", Record{
			"id": b.id("appRole", fmt.Sprint(p.id, n)), "appRoleId": "00000000-0000-0000-0000-000000000000", "principalId": p.id, "principalType": "User",
			"principalDisplayName": p.record["displayName"], "resourceId": app["id"], "resourceDisplayName": app["displayName"],
			"createdDateTime": b.ago(time.Duration(80+i%20) * day), "deletedDateTime": nil,
		}))
	}
	for n := range 1 + i%2 {
		b.t.grants = append(b.t.grants, b.checked("oAuth2PermissionGrant", Record{
			"id": b.id("grant", fmt.Sprint(p.id, n)), "clientId": b.apps[(i+n)%len(b.apps)], "resourceId": b.apps[0],
			"consentType": "Principal", "principalId": p.id, "scope": "openid profile User.Read Mail.Read",
		}))
	}
}

// activity makes sign-ins and what the profile says of the last one.
func (b *builder) activity(i int, p *person, c casting) {
	count := 2 + b.rng.IntN(5)
	if c.rich && i%40 < 20 {
		count = 105 + b.rng.IntN(160)
	}
	var last Record
	for n := range count {
		s := b.signIn(i, n, p)
		if last == nil || s["createdDateTime"].(string) > last["createdDateTime"].(string) {
			last = s
		}
		b.t.signIns = append(b.t.signIns, s)
	}
	p.record["signInActivity"] = Record{
		"lastSignInDateTime": last["createdDateTime"], "lastSignInRequestId": last["id"],
		"lastNonInteractiveSignInDateTime": nil, "lastNonInteractiveSignInRequestId": nil,
		"lastSuccessfulSignInDateTime": last["createdDateTime"], "lastSuccessfulSignInRequestId": last["id"],
	}
}

const signInDays = 20 // within the 30 days that sign-ins are kept

func (b *builder) signIn(i, n int, p *person) Record {
	at, app := places[(i+n/50)%len(places)], (i+n)%len(b.apps)
	failed := b.rng.IntN(12) == 0
	status := Record{"errorCode": 0, "failureReason": "Other.", "additionalDetails": nil}
	if failed {
		status = Record{"errorCode": 50126, "failureReason": "Error validating credentials due to invalid username or password.", "additionalDetails": nil}
	}
	return b.checked("signIn", Record{
		"id": b.id("signIn", fmt.Sprint(p.id, "/", n)), "createdDateTime": b.ago(time.Duration(b.rng.Int64N(int64(signInDays * day)))),
		"userId": p.id, "userDisplayName": p.record["displayName"], "userPrincipalName": p.upn,
		"appId": b.t.objects[b.apps[app]]["appId"], "appDisplayName": appNames[app], "clientAppUsed": clientApps[n%len(clientApps)],
		"ipAddress": fmt.Sprintf("203.0.113.%d", b.rng.IntN(256)), "isInteractive": true, "correlationId": b.id("correlation", fmt.Sprint(p.id, "/", n)),
		"conditionalAccessStatus": "notApplied", "appliedConditionalAccessPolicies": []any{}, "status": status,
		"deviceDetail": Record{
			"deviceId": "", "displayName": nil, "operatingSystem": systems[n%len(systems)], "browser": browsers[n%len(browsers)],
			"isCompliant": nil, "isManaged": nil, "trustType": nil,
		},
		"location":            Record{"city": at.city, "state": at.state, "countryOrRegion": at.usage, "geoCoordinates": Record{"altitude": nil, "latitude": 47.6, "longitude": -122.3}},
		"resourceDisplayName": "Microsoft Graph", "resourceId": "00000003-0000-0000-c000-000000000000",
		"riskDetail": "none", "riskLevelAggregated": "none", "riskLevelDuringSignIn": "none", "riskState": "none", "riskEventTypes_v2": []any{},
		"userAgent": "Mozilla/5.0 (example)",
	})
}
