package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
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

// Local reports whether anything of it belongs to the local world.
func (s Storage) Local() bool {
	return s.Account == azuriteAccount || s.Key == azuriteKey || Loopback(s.BlobURL) || Loopback(s.QueueURL) || Loopback(s.TableURL)
}

var accountName = regexp.MustCompile(`^[a-z0-9]{3,24}$`)

// parseStorage reads a connection string, or makes the endpoints of an account that a managed identity opens.
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
	return fromParts(parts)
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

func fromParts(parts map[string]string) (Storage, error) {
	s := Storage{Account: parts["accountname"], Key: parts["accountkey"]}
	if s.Account == "" || s.Key == "" {
		return Storage{}, fmt.Errorf("%s: AccountName and AccountKey are needed; for a managed identity set %s instead", envStorage, envAccount)
	}
	scheme, suffix := parts["defaultendpointsprotocol"], parts["endpointsuffix"]
	if scheme == "" {
		scheme = "https"
	}
	if suffix == "" {
		suffix = "core.windows.net"
	}
	s = endpoints(s, scheme, suffix)
	var errs []error
	for name, to := range map[string]*string{"blobendpoint": &s.BlobURL, "queueendpoint": &s.QueueURL, "tableendpoint": &s.TableURL} {
		if v := parts[name]; v != "" {
			*to = strings.TrimSuffix(v, "/")
		}
		if u, err := url.Parse(*to); err != nil || u.Host == "" || (u.Scheme != "https" && !Loopback(*to)) {
			errs = append(errs, fmt.Errorf("%s: %s must be an https URL, or http on this machine", envStorage, name))
		}
	}
	return s, errors.Join(errs...)
}

func endpoints(s Storage, scheme, suffix string) Storage {
	s.BlobURL = scheme + "://" + s.Account + ".blob." + suffix
	s.QueueURL = scheme + "://" + s.Account + ".queue." + suffix
	s.TableURL = scheme + "://" + s.Account + ".table." + suffix
	return s
}

func loopbackHost(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
