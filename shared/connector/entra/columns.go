package entra

import "github.com/rightsdesk/rightsdesk/shared/connector"

// columns makes columns of pairs of a member's name and its title.
func columns(pairs ...string) []connector.Column {
	out := make([]connector.Column, 0, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, connector.Column{Name: pairs[i], Title: pairs[i+1]})
	}
	return out
}

// names are the members that columns show. $select is made of them, so that what is asked for
// and what is shown are the same.
func names(cs []connector.Column) []string {
	out := make([]string, len(cs))
	for i, c := range cs {
		out[i] = c.Name
	}
	return out
}

// profileColumns are the attributes of the user resource that the directory itself keeps. Graph
// returns eleven unless each is named. Left out are passwordProfile (a secret),
// deviceEnrollmentLimit (a setting of Intune's), and what the kinds below ask for separately.
var profileColumns = columns(
	"id", "Object id", "userPrincipalName", "User principal name", "displayName", "Display name", "givenName", "Given name",
	"surname", "Surname", "mail", "E-mail address", "mailNickname", "Mail nickname", "otherMails", "Other e-mail addresses",
	"proxyAddresses", "Proxy addresses", "imAddresses", "Instant message addresses", "identities", "Sign-in identities",
	"identityParentId", "Parent identity", "mobilePhone", "Mobile phone", "businessPhones", "Business phones", "faxNumber", "Fax number",
	"jobTitle", "Job title", "department", "Department", "companyName", "Company", "officeLocation", "Office",
	"employeeId", "Employee id", "employeeType", "Employee type", "employeeHireDate", "Hire date",
	"streetAddress", "Street", "postalCode", "Postal code", "city", "City", "state", "State or province", "country", "Country",
	"usageLocation", "Usage location", "preferredLanguage", "Preferred language", "preferredDataLocation", "Preferred data location",
	"userType", "User type", "creationType", "How the account was made", "externalUserState", "Invitation state",
	"externalUserStateChangeDateTime", "Invitation state since", "accountEnabled", "Account enabled", "createdDateTime", "Created",
	"deletedDateTime", "Deleted", "lastPasswordChangeDateTime", "Last password change",
	"signInSessionsValidFromDateTime", "Sign-in sessions valid from", "passwordPolicies", "Password policies",
	"ageGroup", "Age group", "consentProvidedForMinor", "Consent for a minor", "legalAgeGroupClassification", "Legal age group",
	"assignedLicenses", "Assigned licences", "licenseAssignmentStates", "Licence assignment states",
	"isManagementRestricted", "Management restricted", "isResourceAccount", "Resource account", "showInAddressList", "Shown in the address list",
	"securityIdentifier", "Security identifier", "onPremisesSyncEnabled", "Synchronised from on-premises",
	"onPremisesLastSyncDateTime", "Last synchronised", "onPremisesUserPrincipalName", "On-premises user principal name",
	"onPremisesSamAccountName", "On-premises account name", "onPremisesDomainName", "On-premises domain",
	"onPremisesDistinguishedName", "On-premises distinguished name", "onPremisesSecurityIdentifier", "On-premises security identifier",
	"onPremisesImmutableId", "On-premises immutable id", "onPremisesExtensionAttributes", "On-premises extension attributes",
)

var onlineProfileColumns = columns(
	"id", "Object id", "preferredName", "Preferred name", "aboutMe", "About me", "birthday", "Birthday", "hireDate", "Hire date",
	"interests", "Interests", "skills", "Skills", "schools", "Schools", "pastProjects", "Past projects",
	"responsibilities", "Responsibilities", "mySite", "Personal site",
)

var (
	leaveColumns    = columns("id", "Object id", "employeeLeaveDateTime", "Leave date")
	activityColumns = columns("id", "Object id", "signInActivity", "Last sign-ins")
	// colleagueColumns are all that is handed over about another person. The relation is the
	// data subject's own, the rest is not (GDPR Art. 15(4), 20(4)).
	colleagueColumns = columns("id", "Object id", "displayName", "Display name", "mail", "E-mail address")
)

var objectColumns = columns(
	"id", "Object id", "@odata.type", "Type", "displayName", "Display name", "description", "Description", "mail", "E-mail address",
	"visibility", "Visibility", "createdDateTime", "Created",
)

var roleColumns = columns(
	"id", "Assignment id", "roleDefinitionId", "Role", "principalId", "Assigned to", "directoryScopeId", "Scope", "appScopeId", "App scope",
	"condition", "Condition",
)

var unitRoleColumns = columns("id", "Assignment id", "roleId", "Role", "administrativeUnitId", "Administrative unit", "roleMemberInfo", "Assigned to")

var licenceColumns = columns("id", "Licence id", "skuPartNumber", "Product", "skuId", "Product id", "servicePlans", "Service plans")

var appRoleColumns = columns(
	"id", "Assignment id", "resourceDisplayName", "Application", "resourceId", "Application's object id", "appRoleId", "App role",
	"principalDisplayName", "Assigned to", "principalId", "Assigned to (object id)", "principalType", "Type of assignee", "createdDateTime", "Assigned",
)

var grantColumns = columns(
	"id", "Grant id", "clientId", "Application", "resourceId", "Resource", "scope", "Permissions", "consentType", "Consent", "principalId", "Consented by",
)

var deviceColumns = columns(
	"id", "Object id", "displayName", "Display name", "deviceId", "Device id", "operatingSystem", "Operating system",
	"operatingSystemVersion", "Operating system version", "manufacturer", "Manufacturer", "model", "Model", "deviceOwnership", "Ownership",
	"trustType", "Trust type", "isCompliant", "Compliant", "isManaged", "Managed", "accountEnabled", "Enabled",
	"registrationDateTime", "Registered", "approximateLastSignInDateTime", "Last sign-in (approximate)",
)

var methodColumns = columns(
	"id", "Method id", "@odata.type", "Type", "displayName", "Display name", "phoneNumber", "Phone number", "phoneType", "Type of phone",
	"emailAddress", "E-mail address", "model", "Model", "createdDateTime", "Registered",
)
