package config

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/rightsdesk/rightsdesk/shared/cloud"
)

// azuriteAccount and azuriteKey are published with Azurite: they protect nothing.
// https://learn.microsoft.com/azure/storage/common/storage-connect-azurite
const (
	azuriteAccount = "devstoreaccount1"
	azuriteKey     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// Storage is the storage account. Key is empty when the app's managed identity is used.
type Storage struct {
	Account                     string
	Key                         string `json:"-"`
	BlobURL, QueueURL, TableURL string // without a slash at the end
}

// String tells the account only: the key is a secret.
func (s Storage) String() string { return "storage account " + s.Account }

// GoString is String.
func (s Storage) GoString() string { return s.String() }

// ConnectionString is the form that every SDK understands. It is a secret.
func (s Storage) ConnectionString() string {
	return fmt.Sprintf("AccountName=%s;AccountKey=%s;BlobEndpoint=%s;QueueEndpoint=%s;TableEndpoint=%s;", s.Account, s.Key, s.BlobURL, s.QueueURL, s.TableURL)
}

// Development reports whether this is Azurite's own account on this machine.
func (s Storage) Development() bool {
	return s.Account == azuriteAccount && Loopback(s.BlobURL) && Loopback(s.QueueURL) && Loopback(s.TableURL)
}

// Local reports whether anything of it belongs to the local world: Azurite serves https as well.
func (s Storage) Local() bool {
	return s.Account == azuriteAccount || s.Key == azuriteKey || slices.ContainsFunc([]string{s.BlobURL, s.QueueURL, s.TableURL}, onThisMachine)
}

var accountName = regexp.MustCompile(`^[a-z0-9]{3,24}$`)

// parseStorage reads a connection string, or makes the endpoints of an account that a managed
// identity opens.
func parseStorage(connection, account, suffix string) (Storage, error) {
	switch {
	case connection != "" && account != "":
		return Storage{}, fmt.Errorf("%s and %s exclude each other", envStorage, envAccount)
	case account != "":
		if !accountName.MatchString(account) {
			return Storage{}, fmt.Errorf("%s: 3 to 24 lower-case letters and digits are expected", envAccount)
		}
		return endpoints(Storage{Account: account}, "https", suffix), nil
	case connection == "":
		return Storage{}, fmt.Errorf("%s or %s is needed", envStorage, envAccount)
	}
	parts, err := fields(connection)
	if err != nil {
		return Storage{}, err
	}
	if strings.EqualFold(parts["usedevelopmentstorage"], "true") {
		return azurite(), nil
	}
	return fromParts(parts, suffix)
}

func azurite() Storage {
	const base = "http://127.0.0.1:%d/" + azuriteAccount
	return Storage{
		Account: azuriteAccount, Key: azuriteKey,
		BlobURL: fmt.Sprintf(base, 10000), QueueURL: fmt.Sprintf(base, 10001), TableURL: fmt.Sprintf(base, 10002),
	}
}

// fields splits "a=b;c=d". Errors do not quote: a key may stand in the wrong place.
func fields(connection string) (map[string]string, error) {
	known := []string{
		"usedevelopmentstorage", "defaultendpointsprotocol", "accountname", "accountkey", "endpointsuffix", "blobendpoint",
		"queueendpoint", "tableendpoint", "fileendpoint", "developmentstorageproxyuri",
	}
	out := map[string]string{}
	for i, part := range strings.Split(strings.Trim(connection, "; "), ";") {
		name, value, ok := strings.Cut(part, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		if !ok || !slices.Contains(known, name) {
			return nil, fmt.Errorf("%s: part %d of the connection string is not known", envStorage, i+1)
		}
		out[name] = strings.TrimSpace(value)
	}
	return out, nil
}

// fromParts takes the account's own endpoints in the cloud with that suffix, or those of this
// machine: data is written nowhere else. An empty suffix comes from a cloud without a name,
// which another check reports.
func fromParts(parts map[string]string, suffix string) (Storage, error) {
	s := Storage{Account: parts["accountname"], Key: parts["accountkey"]}
	if s.Account == "" || s.Key == "" {
		return Storage{}, fmt.Errorf("%s: AccountName and AccountKey are needed; for a managed identity set %s instead", envStorage, envAccount)
	}
	var errs []error
	if !accountName.MatchString(s.Account) {
		errs = append(errs, fmt.Errorf("%s: AccountName: 3 to 24 lower-case letters and digits are expected", envStorage))
	}
	// The Functions host has these two defaults as well.
	s = endpoints(s, cmp.Or(parts["defaultendpointsprotocol"], "https"), cmp.Or(parts["endpointsuffix"], "core.windows.net"))
	urls := []*string{&s.BlobURL, &s.QueueURL, &s.TableURL}
	for i, name := range services {
		if v := parts[name+"endpoint"]; v != "" {
			*urls[i] = strings.TrimSuffix(v, "/")
		}
	}
	loopback := Loopback(s.BlobURL) && Loopback(s.QueueURL) && Loopback(s.TableURL)
	for i, name := range services {
		if !loopback && suffix != "" && *urls[i] != endpoint(s.Account, name, "https", suffix) {
			errs = append(errs, fmt.Errorf("%s: the endpoint of the %s service must be https://{AccountName}.%s.%s, or all three loopback ones of this machine",
				envStorage, name, name, suffix))
		}
	}
	return s, errors.Join(errs...)
}

// services are those of a storage account that are used.
var services = []string{"blob", "queue", "table"}

func endpoint(account, service, scheme, suffix string) string {
	return scheme + "://" + account + "." + service + "." + suffix
}

func endpoints(s Storage, scheme, suffix string) Storage {
	s.BlobURL, s.QueueURL = endpoint(s.Account, "blob", scheme, suffix), endpoint(s.Account, "queue", scheme, suffix)
	s.TableURL = endpoint(s.Account, "table", scheme, suffix)
	return s
}

// blobAccount reports whether a URL is that of a blob account in the cloud with that suffix,
// and nothing more.
func blobAccount(address, suffix string) bool {
	account, ok := strings.CutPrefix(strings.TrimSuffix(address, "/"), "https://")
	if !ok || suffix == "" {
		return false
	}
	account, ok = strings.CutSuffix(account, ".blob."+suffix)
	return ok && accountName.MatchString(account)
}

// onThisMachine reports whether a URL names this machine, whatever its scheme and the rest of it.
func onThisMachine(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && cloud.Loopback(strings.TrimSuffix(strings.ToLower(u.Hostname()), "."))
}
