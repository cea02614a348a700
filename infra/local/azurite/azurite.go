// Package azurite runs Azurite, Microsoft's storage emulator, for the tests and for the local
// world.
//
// It gives real Table, Blob and Queue endpoints on this machine. It is installed from
// infra/local/package.json.
//
// The code here relies on what follows. It was read in the source of Azurite 3.37 and seen in
// tests.
//   - With a folder it keeps its indexes in memory and writes them out every 5 s and on
//     SIGTERM. SIGTERM loses nothing that was answered. SIGKILL may lose the last 5 s of
//     answered writes, which real storage never does.
//   - Without a folder everything is gone when the process ends.
//   - Port 0 takes a free port, and Azurite prints which.
//   - It closes idle connections after 5 s, which a client now and then sees as an unexpected
//     end of file. We ask for 120 s, longer than the 90 s after which Go closes them itself.
//   - While it stops it reads requests from open connections and never answers them. So it may
//     have to be killed when its data is written; Stop does that after 10 s.
//   - Its package asks for Node.js 22, but it runs on 20.
package azurite

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/rightsdesk/rightsdesk/infra/local/process"
)

// AccountName and AccountKey are Azurite's standard account, which is public and the same
// everywhere.
const (
	AccountName = "devstoreaccount1"
	AccountKey  = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

const (
	startLimit = 60 * time.Second // long: the cores may be compiling the Graph SDK meanwhile
	stopGrace  = 10 * time.Second
)

// Options says how Azurite runs. The zero value keeps everything in memory, takes free ports
// and prints nothing.
type Options struct {
	Dir       string // where state is kept, created when missing; empty keeps it in memory
	BlobPort  int    // 0 takes a free one
	QueuePort int    // 0 takes a free one
	TablePort int    // 0 takes a free one
	Log       io.Writer
}

// Endpoints are the addresses of one Azurite, each ending in the account's name.
type Endpoints struct {
	BlobURL  string `json:"blobUrl"`
	QueueURL string `json:"queueUrl"`
	TableURL string `json:"tableUrl"`
	// ConnectionString names all three with the standard account, as AzureWebJobsStorage takes
	// it.
	ConnectionString string `json:"connectionString"`
}

// Instance is one Azurite. The one that Shared returns belongs to the whole test run and cannot
// be stopped.
type Instance struct {
	Endpoints

	opts    Options
	install installation
	process *process.Process // nil for a shared one
}

// Start starts Azurite and returns when all three endpoints listen. It fails when a port is
// taken, when Node.js or Azurite is not installed, or when ctx ends first. The error names the
// command that installs what is missing.
func Start(ctx context.Context, opts Options) (*Instance, error) {
	install, err := find()
	if err != nil {
		return nil, err
	}
	i := &Instance{opts: opts, install: install}
	if err := i.start(ctx); err != nil {
		return nil, err
	}
	return i, nil
}

func (i *Instance) start(ctx context.Context) error {
	cmd, err := command(i.install, i.opts)
	if err != nil {
		return err
	}
	out := newAnnouncements(i.opts.Log)
	cmd.Stdout, cmd.Stderr = out, out
	process, err := process.Start(cmd)
	if err != nil {
		return err
	}
	limit, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	select {
	case ports := <-out.ready:
		i.process = process
		i.Endpoints = endpointsOf(ports)
		i.opts.BlobPort, i.opts.QueuePort, i.opts.TablePort = ports.blob, ports.queue, ports.table
		return nil
	case <-process.Done():
		return fmt.Errorf("azurite ended while it started: %s", out.last())
	case <-limit.Done():
		process.Kill()
		return fmt.Errorf("azurite did not listen within %s: %w", startLimit, limit.Err())
	}
}

// command is the command line for Azurite under opts.
func command(install installation, opts Options) (*exec.Cmd, error) {
	args := []string{
		install.script,
		"--blobPort", strconv.Itoa(opts.BlobPort), "--queuePort", strconv.Itoa(opts.QueuePort), "--tablePort", strconv.Itoa(opts.TablePort),
		"--blobKeepAliveTimeout", "120", "--queueKeepAliveTimeout", "120", "--tableKeepAliveTimeout", "120",
		"--disableTelemetry", "--skipApiVersionCheck", "--silent",
	}
	cwd := os.TempDir() // Azurite wants a working directory even when it writes nothing there
	if opts.Dir == "" {
		args = append(args, "--inMemoryPersistence")
	} else {
		dir, err := filepath.Abs(opts.Dir)
		if err != nil {
			return nil, fmt.Errorf("azurite's folder: %w", err)
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("azurite's folder: %w", err)
		}
		args, cwd = append(args, "--location", dir), dir
	}
	cmd := exec.Command(install.node, args...)
	cmd.Dir = cwd
	return cmd, nil
}

// Pid is the process id of Azurite, 0 for a shared one.
func (i *Instance) Pid() int {
	if i.process == nil {
		return 0
	}
	return i.process.Pid()
}

// Done is closed when Azurite has ended, for whatever reason. For a shared one it is nil and so
// never closed.
func (i *Instance) Done() <-chan struct{} {
	if i.process == nil {
		return nil
	}
	return i.process.Done()
}

// Stop ends Azurite with SIGTERM to its own process, which then writes its state. It waits for
// the end.
func (i *Instance) Stop() {
	i.own().Stop(stopGrace)
}

// Kill ends Azurite with SIGKILL. Up to 5 s of answered writes are lost, see the package comment.
func (i *Instance) Kill() {
	i.own().Kill()
}

// Restart stops Azurite if it runs and starts it on the same ports and the same folder. The
// endpoints stay as they were. What was in memory only is gone.
func (i *Instance) Restart(ctx context.Context) error {
	i.Stop()
	return i.start(ctx)
}

// own is the process that this instance may end. Ending the shared one would break other tests,
// so a test that tries it fails.
func (i *Instance) own() *process.Process {
	if i.process == nil {
		panic("azurite: the shared instance belongs to the whole test run; use Start for one to stop")
	}
	return i.process
}

// The standard ports of Azurite.
const (
	BlobPort  = 10000
	QueuePort = 10001
	TablePort = 10002
)

// Development returns the endpoints that UseDevelopmentStorage=true stands for: Azurite on its
// standard ports.
func Development() Endpoints { return endpointsOf(ports{BlobPort, QueuePort, TablePort}) }

func endpointsOf(p ports) Endpoints {
	url := func(port int) string { return fmt.Sprintf("http://127.0.0.1:%d/%s", port, AccountName) }
	e := Endpoints{BlobURL: url(p.blob), QueueURL: url(p.queue), TableURL: url(p.table)}
	e.ConnectionString = fmt.Sprintf(
		"DefaultEndpointsProtocol=http;AccountName=%s;AccountKey=%s;BlobEndpoint=%s;QueueEndpoint=%s;TableEndpoint=%s;",
		AccountName, AccountKey, e.BlobURL, e.QueueURL, e.TableURL)
	return e
}
