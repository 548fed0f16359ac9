//go:build unix

package pgtest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// watch runs the server and ends it, folder and all, when its standard input closes: when the test process is gone, in
// whatever way.
const watch = `
"$1/postgres" -D "$2/data" -c port="$3" -c listen_addresses=127.0.0.1 -c unix_socket_directories="$2" \
	-c max_connections=300 -c shared_buffers=64MB -c deadlock_timeout=100ms </dev/null &
cat >/dev/null
kill -QUIT $! 2>/dev/null
wait
rm -rf "$2"
`

// lifeline is the watcher's standard input. It is never closed: the end of the process does that.
var lifeline io.WriteCloser

// start starts a server with the durability of production (fsync on) and returns the URL of its first database.
func start() (string, error) {
	bin, err := binaries()
	if err != nil {
		return "", err
	}
	who, err := unprivileged()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "thimble-pg-")
	if err != nil {
		return "", err
	}
	if who != nil {
		if err := os.Chown(dir, int(who.Uid), int(who.Gid)); err != nil {
			return "", err
		}
	}
	if err := makeData(bin, dir, who); err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}

	port, err := freePort()
	if err != nil {
		return "", err
	}
	cmd := exec.Command("/bin/sh", "-c", watch, "watch", bin, dir, strconv.Itoa(port))
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who, Setpgid: true} // an interrupt at the terminal is not for it
	log, err := cmd.StderrPipe()
	if err != nil {
		return "", err
	}
	if lifeline, err = cmd.StdinPipe(); err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	if err := ready(log); err != nil {
		return "", errors.Join(err, lifeline.Close())
	}
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port), nil
}

// ready reads the server's log until it takes connections, and goes on emptying it.
func ready(log io.Reader) error {
	var said []string
	result := make(chan error, 1)
	go func() {
		lines := bufio.NewScanner(log)
		for lines.Scan() {
			said = append(said, lines.Text())
			if strings.Contains(lines.Text(), "ready to accept connections") {
				result <- nil
				_, _ = io.Copy(io.Discard, log)
				return
			}
		}
		result <- fmt.Errorf("PostgreSQL does not start:\n%s", strings.Join(said, "\n"))
	}()
	select {
	case err := <-result:
		return err
	case <-time.After(30 * time.Second):
		return errors.New("PostgreSQL takes longer than 30 s to start")
	}
}

// binaries returns the folder with initdb and postgres.
func binaries() (string, error) {
	var dirs []string
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	debian, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.Reverse(debian) // the newest first
	dirs = append(dirs, debian...)
	dirs = append(dirs, filepath.SplitList(os.Getenv("PATH"))...)
	for _, dir := range dirs {
		_, err1 := os.Stat(filepath.Join(dir, "initdb"))
		_, err2 := os.Stat(filepath.Join(dir, "postgres"))
		if err1 == nil && err2 == nil {
			return dir, nil
		}
	}
	return "", errors.New("no PostgreSQL found: neither by pg_config, nor in /usr/lib/postgresql, nor in PATH")
}

// unprivileged returns whom to run the server as: PostgreSQL refuses to be root. Nil means as oneself.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is no user postgres or nobody")
}

// makeData makes dir/data. initdb takes seconds, so its result is kept in the user's cache folder and copied.
func makeData(bin, dir string, who *syscall.Credential) error {
	data := filepath.Join(dir, "data")
	version, err := exec.Command(filepath.Join(bin, "postgres"), "--version").Output()
	if err != nil {
		return err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return initdb(bin, data, who) // no home, no cache
	}
	kept := filepath.Join(cache, "thimble-pgtest", strings.Join(strings.Fields(string(version)), "-"))
	if _, err := os.Stat(kept); err != nil {
		if err := initdb(bin, data, who); err != nil {
			return err
		}
		keep(data, kept)
		return nil
	}

	if err := os.CopyFS(data, os.DirFS(kept)); err != nil {
		return err
	}
	return own(data, who)
}

func initdb(bin, data string, who *syscall.Credential) error {
	cmd := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "--username=postgres", "--auth=trust", "--no-sync",
		"--encoding=UTF8", "--locale=C")
	cmd.Dir = filepath.Dir(data)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// keep puts a copy of the data into the cache, in one step, because others may be doing the same. It is no loss if it
// fails.
func keep(data, kept string) {
	if os.MkdirAll(filepath.Dir(kept), 0o700) != nil {
		return
	}
	temp, err := os.MkdirTemp(filepath.Dir(kept), "new-")
	if err != nil {
		return
	}
	defer func() { _ = os.RemoveAll(temp) }()
	if os.CopyFS(filepath.Join(temp, "data"), os.DirFS(data)) == nil {
		_ = os.Rename(filepath.Join(temp, "data"), kept)
	}
}

// own gives the folder to the server's user, and keeps it from everybody else, which the server insists on.
func own(data string, who *syscall.Credential) error {
	if err := os.Chmod(data, 0o700); err != nil { //nolint:gosec // a folder
		return err
	}
	if who == nil {
		return nil
	}
	return filepath.WalkDir(data, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(who.Uid), int(who.Gid))
	})
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}
