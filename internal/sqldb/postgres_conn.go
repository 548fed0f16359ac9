package sqldb

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Of the wire protocol: the formats of values, and the type whose text form is hexadecimal.
const (
	textFormat   = 0
	binaryFormat = 1
	byteaOID     = 17
)

// pgConn is one connection and the statements it knows.
type pgConn struct {
	*pgconn.PgConn
	prepared map[*Stmt]bool // false while the preparation is under way
	born     time.Time
	lane     int         // see Tx.Lane
	limit    *time.Timer // closes the socket when the server is waited for too long
	values   [][]byte    // memory for parameters
	formats  []int16
	text     []byte
}

func dial(ctx context.Context, config *pgconn.Config) (*pgConn, error) {
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	c := &pgConn{PgConn: conn, prepared: map[*Stmt]bool{}, born: time.Now(), text: make([]byte, 0, 512)}
	socket := conn.Conn()
	c.limit = time.AfterFunc(tripLimit, func() { _ = socket.Close() })
	c.limit.Stop()
	return c, nil
}

// end closes the connection without waiting for the server.
func (c *pgConn) end() {
	c.limit.Stop()
	if !c.IsClosed() {
		_ = c.Close(context.Background())
	}
}

// send queues the statement in the pipeline, after its preparation when this connection does not know it yet.
func (c *pgConn) send(p *pgconn.Pipeline, op *pgOp) error {
	if err := c.encode(op.args); err != nil {
		return err
	}
	s := op.stmt
	if s.id == "" {
		p.SendQueryParams(s.postgres, c.values, nil, c.formats, nil)
		return nil
	}
	if _, known := c.prepared[s]; !known {
		p.SendPrepare(s.id, s.postgres, nil)
		c.prepared[s] = false
		op.fresh = true
	}
	p.SendQueryPrepared(s.id, c.values, c.formats, nil)
	return nil
}

// forget drops the preparations that did not take place, because a statement before them failed.
func (c *pgConn) forget(ops []pgOp) {
	for i := range ops {
		if ops[i].fresh && !c.prepared[ops[i].stmt] {
			delete(c.prepared, ops[i].stmt)
		}
	}
}

// encode writes the arguments: as text, whose type the server finds by itself, and blobs as they are.
func (c *pgConn) encode(args []any) error {
	c.values, c.formats, c.text = c.values[:0], c.formats[:0], c.text[:0]
	for i, arg := range args {
		format, from := int16(textFormat), len(c.text)
		switch v := arg.(type) {
		case string:
			c.text = append(c.text, v...)
		case int64:
			c.text = strconv.AppendInt(c.text, v, 10)
		case int:
			c.text = strconv.AppendInt(c.text, int64(v), 10)
		case bool:
			c.text = strconv.AppendBool(c.text, v)
		case []byte:
			format = binaryFormat
			c.text = append(c.text, v...)
		default:
			return fmt.Errorf("argument %d is a %T", i+1, arg)
		}
		// When text grows, earlier values stay where they were. None is nil, which would be a NULL.
		c.values = append(c.values, c.text[from:len(c.text):len(c.text)])
		c.formats = append(c.formats, format)
	}
	return nil
}

// receive reads the answer to the statement.
func (c *pgConn) receive(p *pgconn.Pipeline, op *pgOp) error {
	if op.fresh {
		if _, err := p.GetResults(); err != nil {
			return err
		}
		c.prepared[op.stmt] = true
	}
	result, err := p.GetResults()
	if err != nil {
		return err
	}
	rr, ok := result.(*pgconn.ResultReader)
	if !ok {
		return fmt.Errorf("the server answered with a %T", result)
	}

	var rowErr error
	for op.row != nil && rowErr == nil && rr.NextRow() {
		rowErr = op.row(rr)
	}
	tag, err := rr.Close()
	if err != nil {
		return err
	}
	op.count = tag.RowsAffected()
	if op.touched != nil {
		*op.touched = op.count
	}
	switch {
	case rowErr != nil:
		return &localError{named(op.stmt, rowErr)}
	case op.stmt == pgCommit && tag.String() != "COMMIT":
		return &localError{errors.New("the server rolled back instead of committing")}
	case op.want >= 0 && !op.guard && op.count != op.want:
		return &localError{named(op.stmt, ErrConflict)}
	}
	return nil
}

// localError is an error that neither the server nor the connection made.
type localError struct{ error }

// scanRow copies the columns of the current row, all of them text, to dest.
func scanRow(rr *pgconn.ResultReader, dest []any) error {
	values, fields := rr.Values(), rr.FieldDescriptions()
	if len(dest) != len(values) {
		return fmt.Errorf("%d destinations for %d columns", len(dest), len(values))
	}
	for i, d := range dest {
		if err := scanText(values[i], fields[i].DataTypeOID, d); err != nil {
			return fmt.Errorf("column %d: %w", i+1, err)
		}
	}
	return nil
}

func scanText(value []byte, oid uint32, dest any) (err error) {
	if value == nil {
		return errNull
	}
	switch d := dest.(type) {
	case *string:
		*d = string(value)
	case *int64:
		*d, err = strconv.ParseInt(string(value), 10, 64)
	case *int:
		*d, err = strconv.Atoi(string(value))
	case *bool:
		*d, err = strconv.ParseBool(string(value))
	case *[]byte:
		*d, err = scanBytes(value, oid)
	default:
		err = fmt.Errorf("the destination is a %T", dest)
	}
	return err
}

func scanBytes(value []byte, oid uint32) ([]byte, error) {
	if oid != byteaOID {
		return append([]byte{}, value...), nil
	}
	if len(value) < 2 { // \x and the digits
		return nil, errors.New("not hexadecimal")
	}
	b := make([]byte, hex.DecodedLen(len(value)-2))
	_, err := hex.Decode(b, value[2:])
	return b, err
}
