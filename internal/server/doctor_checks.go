package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

	"github.com/thimble-auth/thimble/internal/config"
	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/keys"
)

// askFiles looks at the modes of files that hold secrets.
func (d *doctor) askFiles(context.Context) []line {
	var lines []line
	for _, f := range d.c.SecretFiles() {
		if mode, open := openToOthers(f.Path); open {
			lines = append(lines, line{
				stateWarning, f.Setting, fmt.Sprintf("others on this machine can read it (%s): chmod 600 %s", mode, f.Path),
			})
		}
	}
	if lines == nil {
		return fine("files", "nobody else on this machine can read those with secrets")
	}
	return lines
}

// askDatabase looks at the database as a server does before it changes anything, and whether the master key opens it.
func (d *doctor) askDatabase(ctx context.Context) []line {
	path, isFile := d.c.SQLiteFile()
	switch {
	case !isFile && d.offline:
		return fine("database", "PostgreSQL; not asked")
	case isFile:
		if err := writable(path); err != nil {
			return []line{{stateWrong, "data", err.Error()}}
		}
	}

	var problems config.Problems
	state := inspect(ctx, &d.c.Database, &problems)
	var lines []line
	for _, problem := range problems {
		lines = append(lines, line{stateWrong, "database", problem})
	}
	if lines != nil {
		return lines
	}
	engine := "PostgreSQL"
	if isFile {
		engine = "SQLite"
	}
	if master, err := keys.ParseMaster(d.c.Master.Key.Reveal()); err == nil {
		if err := master.Fits(state.Ring); err != nil {
			return []line{{stateWrong, "master-key", fmt.Sprintf("it does not open the key ring of this database: %v", err)}}
		}
	}
	switch {
	case state.Empty:
		return fine("database", engine+"; there is nothing in it yet: the first start fills it")
	case state.Pending > 0:
		return fine("database", fmt.Sprintf("%s; %d migrations are pending: the next start applies them, so copy it before",
			engine, state.Pending))
	}
	return fine("database", engine+"; the schema is the one of this version")
}

// writable tells why a SQLite file could not be written, without making it.
func writable(path string) error {
	if f, err := os.OpenFile(path, os.O_RDWR, 0); err == nil {
		_ = f.Close()
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the database cannot be written: %w", err)
	}
	folder := filepath.Dir(path)
	for { // the nearest that is there: a server makes the rest
		_, err := os.Stat(folder)
		if err == nil || !errors.Is(err, fs.ErrNotExist) || filepath.Dir(folder) == folder {
			break
		}
		folder = filepath.Dir(folder)
	}
	// Nothing else tells for sure: the modes are not all, where there are lists and read-only mounts.
	f, err := os.CreateTemp(folder, ".thimble-doctor-*")
	if err != nil {
		return fmt.Errorf("nothing can be written into %s: give another folder, or change its owner: %w", folder, err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// askListen opens the addresses for a moment.
func (d *doctor) askListen(context.Context) []line {
	lines := tryListen("listen", d.c.Listen)
	if d.c.AdminListen != "" {
		lines = append(lines, tryListen("admin-listen", d.c.AdminListen)...)
	}
	return lines
}

func tryListen(name, address string) []line {
	ln, err := listenOn(address, "--"+name)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return warning(name, "somebody listens there: all is well if it is this server")
	case err != nil:
		return []line{{stateWrong, name, err.Error()}}
	}
	_ = ln.Close()
	return fine(name, "")
}

// askPublicURL looks whether people and providers could get there.
func (d *doctor) askPublicURL(ctx context.Context) []line {
	u, err := url.Parse(d.c.PublicURL)
	if err != nil {
		return []line{{stateWrong, "public-url", "it is no URL"}}
	}
	var lines []line
	if u.Scheme != "https" {
		lines = warning("public-url", "it is http: whoever is on the way can read links and sessions; put a proxy that "+
			"ends TLS in front")
	}
	if !d.offline {
		lines = append(lines, d.resolve(ctx, u.Hostname())...)
		if d.fetch {
			lines = append(lines, fetchHealth(ctx, u)...)
		}
	}
	if lines == nil {
		return fine("public-url", "")
	}
	return lines
}

func (d *doctor) resolve(ctx context.Context, host string) []line {
	addresses := []netip.Addr{}
	if address, err := netip.ParseAddr(host); err == nil {
		addresses = append(addresses, address)
	} else if addresses, err = d.lookup(ctx, "ip", host); err != nil {
		var dns *net.DNSError
		if errors.As(err, &dns) && dns.IsNotFound {
			return []line{{stateWrong, "public-url", "its host name is not known"}}
		}
		return warning("public-url", "its host name could not be looked up: "+httpx.Reason(err))
	}
	for _, address := range addresses {
		if httpx.Public(address) {
			return nil
		}
	}
	return warning("public-url", "its host has no public address: providers cannot report what became of texts")
}

// fetchHealth asks a server that runs whether it is the one at the public URL. It may be inside this network.
func fetchHealth(ctx context.Context, u *url.URL) []line {
	client := httpx.New(httpx.Options{AllowPrivate: true, Timeout: askTimeout})
	defer client.CloseIdle()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.JoinPath("healthz").String(), nil)
	if err != nil {
		return []line{{stateWrong, "public-url", "it cannot be fetched"}}
	}
	var health struct{ Status string }
	status, err := client.JSON(r, &health)
	switch {
	case status == 0:
		return []line{{stateWrong, "public-url", "it could not be fetched: " + httpx.Reason(err)}}
	case status != http.StatusOK || health.Status != "alive":
		return []line{{stateWrong, "public-url", fmt.Sprintf("what answers there (%d) is not a thimble that runs", status)}}
	}
	return nil
}
