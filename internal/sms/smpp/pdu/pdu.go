// Package pdu writes and reads the protocol data units of SMPP 3.4 that a client needs which sends texts and takes
// receipts. Sections named in comments are those of the Short Message Peer to Peer Protocol Specification v3.4, issue
// 1.2.
//
// Whatever comes from outside is bounded and checked before it is kept: no length in a unit is believed.
package pdu

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Command says what a unit is (§5.1.2.1).
type Command uint32

// The commands. An answer has the highest bit set.
const (
	GenericNack         Command = 0x80000000
	SubmitSM            Command = 0x00000004
	SubmitSMResp        Command = 0x80000004
	DeliverSM           Command = 0x00000005
	DeliverSMResp       Command = 0x80000005
	Unbind              Command = 0x00000006
	UnbindResp          Command = 0x80000006
	BindTransceiver     Command = 0x00000009
	BindTransceiverResp Command = 0x80000009
	EnquireLink         Command = 0x00000015
	EnquireLinkResp     Command = 0x80000015
	AlertNotification   Command = 0x00000102
)

// IsAnswer reports whether the command answers another.
func (c Command) IsAnswer() bool { return c&GenericNack != 0 }

// Answer is the command that answers c.
func (c Command) Answer() Command { return c | GenericNack }

const (
	headerLength = 16
	// MaxLength bounds a unit: the longest text that fits into message_payload, with room for everything else.
	MaxLength = 70 << 10
	// MaxSequence is the greatest sequence number (§3.2).
	MaxSequence = 0x7FFFFFFF
)

// ErrLength means that a unit says a length that none has. What follows in the stream cannot be read any more.
var ErrLength = errors.New("pdu: impossible length")

// ErrMalformed means that a unit's body is not what its command wants. The next unit can be read.
var ErrMalformed = errors.New("pdu: malformed body")

// PDU is one unit, its body not taken apart.
type PDU struct {
	Command  Command
	Status   Status
	Sequence uint32
	Body     []byte
}

// Append writes the unit behind b.
func (p *PDU) Append(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(headerLength+len(p.Body)))
	b = binary.BigEndian.AppendUint32(b, uint32(p.Command))
	b = binary.BigEndian.AppendUint32(b, uint32(p.Status))
	b = binary.BigEndian.AppendUint32(b, p.Sequence)
	return append(b, p.Body...)
}

// Read reads the next unit. The errors are ErrLength and those of r; io.EOF means that nothing came any more.
func Read(r io.Reader) (*PDU, error) {
	var header [headerLength]byte
	if _, err := io.ReadFull(r, header[:4]); err != nil {
		return nil, err
	}
	length := binary.BigEndian.Uint32(header[:])
	if length < headerLength || length > MaxLength {
		return nil, fmt.Errorf("%w: %d", ErrLength, length)
	}
	if _, err := io.ReadFull(r, header[4:]); err != nil {
		return nil, unexpected(err)
	}
	p := &PDU{
		Command:  Command(binary.BigEndian.Uint32(header[4:])),
		Status:   Status(binary.BigEndian.Uint32(header[8:])),
		Sequence: binary.BigEndian.Uint32(header[12:]),
	}
	if length > headerLength {
		p.Body = make([]byte, length-headerLength)
		if _, err := io.ReadFull(r, p.Body); err != nil {
			return nil, unexpected(err)
		}
	}
	return p, nil
}

// unexpected says that a unit was cut off.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
