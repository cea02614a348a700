package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/rightsdesk/rightsdesk/shared/store/account"
)

// Storage is the storage account of the app. Its Key is empty when the app's managed identity
// opens it.
type Storage struct{ account.Account }

// development reports whether this is Azurite's own account on this machine.
func (s Storage) development() bool {
	return s.IsAzurite() && Loopback(s.BlobURL) && Loopback(s.QueueURL) && Loopback(s.TableURL)
}

// Local reports whether any part of it belongs to the local world, over https too.
func (s Storage) Local() bool {
	return s.IsAzurite() || s.Published() || slices.ContainsFunc(s.URLs(), onThisMachine)
}

var accountName = regexp.MustCompile(`^[a-z0-9]{3,24}$`)

// parseStorage reads a connection string, or makes the addresses of an account that a managed
// identity opens.
func parseStorage(connection, name, suffix string) (Storage, error) {
	switch {
	case connection != "" && name != "":
		return Storage{}, fmt.Errorf("%s and %s exclude each other", envStorage, envAccount)
	case name != "":
		if !accountName.MatchString(name) {
			return Storage{}, fmt.Errorf("%s: 3 to 24 lower-case letters and digits are expected", envAccount)
		}
		return Storage{account.At(name, "", "https", suffix)}, nil
	case connection == "":
		return Storage{}, fmt.Errorf("%s or %s is needed", envStorage, envAccount)
	}
	a, err := account.Parse(connection)
	if errors.Is(err, account.ErrIncomplete) {
		return Storage{}, fmt.Errorf("%s: %w; for a managed identity set %s instead", envStorage, err, envAccount)
	}
	if err != nil {
		return Storage{}, fmt.Errorf("%s: %w", envStorage, err)
	}
	return Storage{a}, checkStorage(a, suffix)
}

// checkStorage accepts the account's own addresses in the cloud with that suffix, or those of
// this machine: data is written nowhere else. An empty suffix comes from a cloud without a name,
// which another check reports.
func checkStorage(a account.Account, suffix string) error {
	var errs []error
	if !accountName.MatchString(a.Name) {
		errs = append(errs, fmt.Errorf("%s: AccountName: 3 to 24 lower-case letters and digits are expected", envStorage))
	}
	if suffix == "" || !slices.ContainsFunc(a.URLs(), func(url string) bool { return !Loopback(url) }) {
		return errors.Join(errs...)
	}
	own := account.At(a.Name, a.Key, "https", suffix).URLs()
	for i, service := range []string{"blob", "queue", "table"} {
		if a.URLs()[i] != own[i] {
			errs = append(errs, fmt.Errorf("%s: the endpoint of the %s service must be https://{AccountName}.%s.%s, or all three loopback ones of this machine",
				envStorage, service, service, suffix))
		}
	}
	return errors.Join(errs...)
}

// blobAccount reports whether a URL is exactly that of a blob account in the cloud with that
// suffix.
func blobAccount(address, suffix string) bool {
	account, ok := strings.CutPrefix(strings.TrimSuffix(address, "/"), "https://")
	if !ok || suffix == "" {
		return false
	}
	account, ok = strings.CutSuffix(account, ".blob."+suffix)
	return ok && accountName.MatchString(account)
}
