// Command packager makes what is deployed: the folder dist/app and the archive dist/app.zip.
//
// dist/app is an app folder for a Functions host on this machine. dist/app.zip is the same for
// linux/amd64, and the same source gives the same bytes.
//
//	go run ./infra/local/packager [-app-only] [-app dist/app] [-root .]
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/rightsdesk/rightsdesk/infra/local/progress"
)

const sdkHint = "the first build compiles the Microsoft Graph SDK: about 3 minutes on two cores, cached after"

func main() {
	root := flag.String("root", ".", "the project's folder")
	appOnly := flag.Bool("app-only", false, "make dist/app only, not dist/app.zip")
	app := flag.String("app", "", "make the app folder here instead of in dist/app")
	flag.Parse()
	if *app == "" {
		*app = filepath.Join(*root, "dist", "app")
	}
	if err := run(*root, *app, *appOnly, progress.Standard()); err != nil {
		fmt.Fprintln(os.Stderr, "package:", err)
		os.Exit(1)
	}
}

func run(root, app string, appOnly bool, show progress.Display) error {
	dist := filepath.Join(root, "dist")
	local := target{runtime.GOOS, runtime.GOARCH}
	if err := build(root, local, show); err != nil {
		return err
	}
	if err := stage(root, local.binary(dist), app); err != nil {
		return err
	}
	if appOnly {
		return nil
	}
	azure := target{"linux", "amd64"}
	if azure != local {
		if err := build(root, azure, show); err != nil {
			return err
		}
	}
	return show.Run("write dist/app.zip", "", func() error {
		return archive(app, azure.binary(dist), filepath.Join(dist, "app.zip"))
	})
}

// target is what a binary is built for.
type target struct{ os, arch string }

// binary is where the target's binary is kept between builds, so that nothing is linked again
// when nothing has changed.
func (t target) binary(dist string) string {
	return filepath.Join(dist, "build", t.os+"-"+t.arch, binaryName)
}

// tags leave two libraries out of the binary that would keep it large: the linker keeps every
// method of the Graph SDK as soon as anything looks a method up by its name, as templates do
// (infra/decisions/binary-size.md). aws-lambda-go serves RPC and grpc serves traces of itself by
// templates; neither is used.
const tags = "lambda.norpc,grpcnotrace"

// buildCommand builds ./functions for the target. The flags are those of the Makefile, so that the
// SDK is compiled in one variant only.
func buildCommand(root string, t target, ldflags, out string) *exec.Cmd {
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-tags", tags, "-ldflags", ldflags, "-o", out, "./functions")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-trimpath", "GOOS="+t.os, "GOARCH="+t.arch)
	return cmd
}

// build builds the target's binary.
func build(root string, t target, show progress.Display) error {
	out, err := filepath.Abs(t.binary(filepath.Join(root, "dist")))
	if err != nil {
		return fmt.Errorf("build: %w", err)
	}
	cmd := buildCommand(root, t, "-s -w", out)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return show.Run(fmt.Sprintf("build ./functions for %s/%s", t.os, t.arch), sdkHint, func() error {
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("go build ./functions: %w", err)
		}
		return nil
	})
}
