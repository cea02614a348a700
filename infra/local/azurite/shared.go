package azurite

import (
	"crypto/rand"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// watchdog runs Azurite for Shared and stops it when nobody has used it for a minute.
//
//go:embed watchdog.sh
var watchdog string

const touchEvery = 10 * time.Second // the watchdog's limit is 60 s

// Shared returns the one Azurite of the whole test run, which keeps everything in memory. The
// first test binary that asks starts it, and it ends by itself about a minute after the last
// one that used it. Names must not collide with those of other tests, so begin each with
// Prefix. When Azurite is not installed the test fails at once and names the command that
// installs it.
func Shared(t testing.TB) *Instance {
	t.Helper()
	endpoints, err := shared()
	if err != nil {
		t.Fatalf("the tests need storage: %v", err)
	}
	return &Instance{Endpoints: endpoints}
}

// Prefix returns ten random characters [a-z0-9] of which the first is a letter. Names of tables,
// containers, queues and tenants that begin with it are valid and belong to this test alone.
func Prefix(t testing.TB) string {
	t.Helper()
	return "t" + strings.ToLower(rand.Text()[:9]) // base 32: a-z and 2-7
}

// shared finds or starts the shared Azurite once per test binary.
var shared = sync.OnceValues(func() (Endpoints, error) {
	install, err := find()
	if err != nil {
		return Endpoints{}, err
	}
	return share(install, sharedDir(install.root), touchEvery)
})

// sharedDir is where the test binaries of one checkout and one user meet.
func sharedDir(root string) string {
	sum := sha256.Sum256([]byte(root))
	return filepath.Join(os.TempDir(), fmt.Sprintf("rightsdesk-azurite-%d-%s", os.Getuid(), hex.EncodeToString(sum[:6])))
}

// share returns the endpoints of the Azurite that is shared by means of dir. The order matters:
// the lease is touched before the state is read, and the watchdog hides the state before it
// looks at the lease for the last time. So an Azurite that was found stays.
func share(install installation, dir string, every time.Duration) (Endpoints, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Endpoints{}, fmt.Errorf("share azurite: %w", err)
	}
	unlock, err := lock(filepath.Join(dir, "lock"))
	if err != nil {
		return Endpoints{}, err
	}
	defer unlock()

	lease := filepath.Join(dir, "lease")
	if err := touch(lease); err != nil {
		return Endpoints{}, err
	}
	go func() {
		for range time.Tick(every) {
			_ = touch(lease) // the next touch makes up for one that failed
		}
	}()
	state := filepath.Join(dir, "state.json")
	if e, ok := readState(state); ok && answers(e) {
		return e, nil
	}
	e, err := detach(install, dir)
	if err != nil {
		return Endpoints{}, err
	}
	return e, writeState(state, e)
}

// lock waits for the file's exclusive lock, which the kernel drops when its holder dies.
func lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("share azurite: %w", err)
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("share azurite: lock: %w", err), f.Close())
	}
	return func() { _ = f.Close() }, nil
}

func touch(path string) error {
	if err := os.WriteFile(path, []byte("touched by every test binary that uses the shared Azurite\n"), 0o600); err != nil {
		return fmt.Errorf("share azurite: %w", err)
	}
	return nil
}

// readState returns what the test binary wrote that started Azurite. What cannot be read counts
// as nothing.
func readState(path string) (Endpoints, bool) {
	var e Endpoints
	b, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(b, &e) != nil {
		return Endpoints{}, false
	}
	return e, e.BlobURL != "" && e.QueueURL != "" && e.TableURL != ""
}

// writeState replaces the file in one step, so that no reader sees half of it.
func writeState(path string, e Endpoints) error {
	b, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("share azurite: %w", err)
	}
	if err := os.WriteFile(path+".new", b, 0o600); err != nil {
		return fmt.Errorf("share azurite: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("share azurite: %w", err)
	}
	return nil
}

// answers reports whether all three endpoints are Azurite's. After a crash another program may
// have taken the ports.
func answers(e Endpoints) bool {
	client := &http.Client{Timeout: 10 * time.Second}
	for want, url := range map[string]string{"Azurite-Blob/": e.BlobURL, "Azurite-Queue/": e.QueueURL, "Azurite-Table/": e.TableURL} {
		res, err := client.Get(url)
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		if !strings.HasPrefix(res.Header.Get("Server"), want) {
			return false
		}
	}
	return true
}

// detach starts Azurite under the watchdog and waits until it listens. Azurite gets a session
// of its own, so that it outlives this test binary. Its output goes to a file, because an
// inherited one would keep `go test` waiting.
func detach(install installation, dir string) (Endpoints, error) {
	azurite, err := command(install, Options{})
	if err != nil {
		return Endpoints{}, err
	}
	logPath := filepath.Join(dir, "log")
	log, err := os.Create(logPath)
	if err != nil {
		return Endpoints{}, fmt.Errorf("share azurite: %w", err)
	}
	defer func() { _ = log.Close() }()

	cmd := exec.Command("sh", append([]string{"-c", watchdog, "rightsdesk-azurite-watchdog", dir}, azurite.Args...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return Endpoints{}, fmt.Errorf("share azurite: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	limit := time.After(startLimit)
	for {
		text, err := os.ReadFile(logPath)
		if err != nil {
			return Endpoints{}, fmt.Errorf("share azurite: %w", err)
		}
		if p, ok := parsePorts(string(text)); ok {
			return endpointsOf(p), nil
		}
		select {
		case <-poll.C:
		case <-ended:
			return Endpoints{}, fmt.Errorf("azurite ended while it started: %s", strings.TrimSpace(string(text)))
		case <-limit:
			return Endpoints{}, fmt.Errorf("azurite did not listen within %s, see %s", startLimit, logPath)
		}
	}
}
