package server

import (
	"errors"
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/store"
)

type keysCommands struct {
	Master keysMaster `cmd:"" help:"Make a master key and write it out."`
	List   keysList   `cmd:"" help:"List the keys of the ring, without their secrets."`
	Rotate keysRotate `cmd:"" help:"Replace every key of the ring; ten minutes pass before the new ones are used."`
	Revoke keysRevoke `cmd:"" help:"Refuse at once whatever was made with a key."`
	Rewrap keysRewrap `cmd:"" help:"Seal the key ring under a new master key."`
}

// Help is shown below the summary.
func (keysCommands) Help() string {
	return `The key ring signs session JWTs, makes session tokens, hashes codes and seals secrets. It is kept in the
database, sealed under a master key that is not. Running servers read the ring again every 30 seconds.

Examples:

    (umask 077; thimble keys master > master.key)
    thimble keys rotate
    (umask 077; thimble keys master > new.key) && thimble keys rewrap new.key`
}

type keysMaster struct{}

// Run makes a master key.
func (keysMaster) Run(r *runner) error {
	_, text := keys.NewMaster()
	r.printf("%s\n", text)
	_, _ = fmt.Fprintln(r.stderr, "Keep this key, apart from copies of the database: each is worth nothing without the other.")
	return nil
}

type keysList struct{ storage }

// Run lists the keys. It needs no master key.
func (c *keysList) Run(r *runner) error {
	db, err := c.open(r)
	if err != nil {
		return err
	}
	var rows []store.RingKey
	err = db.Read(r.ctx, func(tx *store.Tx) (err error) {
		rows, err = tx.RingKeys(r.ctx)
		return err
	})
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}

	w := tabwriter.NewWriter(r.stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "PURPOSE\tVERSION\tSTATE\tPUBLISHED\tIN USE SINCE\tRETIRED\tID")
	for _, k := range rows {
		_, _ = fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\t%s\n", k.Purpose, k.Version, k.State, stamp(k.PublishedAt),
			stamp(k.CurrentAt), stamp(k.RetiredAt), k.ID)
	}
	return w.Flush()
}

type keysRotate struct{ sealed }

// Run publishes the next keys.
func (c *keysRotate) Run(r *runner) error {
	return c.withRing(r, func(ring *keys.Ring) error {
		if err := ring.Rotate(r.ctx); err != nil {
			return err
		}
		r.printf("New keys are published. Servers use them in ten minutes; what the old ones made stays good.\n")
		return nil
	})
}

type keysRevoke struct {
	sealed
	ID string `arg:"" help:"Id of the key, as thimble keys list shows it."`
}

// Run revokes a key.
func (c *keysRevoke) Run(r *runner) error {
	return c.withRing(r, func(ring *keys.Ring) error {
		if err := ring.Revoke(r.ctx, c.ID); err != nil {
			return err
		}
		r.printf("Revoked. Running servers refuse whatever it made within 30 seconds.\n")
		return nil
	})
}

type keysRewrap struct {
	sealed
	New string `arg:"" type:"existingfile" help:"File with the new master key, as thimble keys master writes it."`
}

// Run seals the ring anew.
func (c *keysRewrap) Run(r *runner) error {
	text, err := os.ReadFile(c.New)
	if err != nil {
		return fmt.Errorf("read the new master key: %w", err)
	}
	master, err := keys.ParseMaster(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", c.New, err)
	}
	return c.withRing(r, func(ring *keys.Ring) error {
		if err := ring.Rewrap(r.ctx, master); err != nil {
			return err
		}
		r.printf("The key ring is sealed under the new master key. Give it to every server before its next start, " +
			"and keep the old one with old copies of the database.\n")
		return nil
	})
}

func (s *sealed) withRing(r *runner, f func(*keys.Ring) error) error {
	db, ring, err := s.open(r)
	if err != nil {
		return err
	}
	return errors.Join(f(ring), db.Close())
}
