package pdu

import "encoding/binary"

// Tag names an optional parameter (§5.3.2).
type Tag uint16

// The optional parameters that mean something to us.
const (
	ReceiptedMessageID Tag = 0x001E // §5.3.2.12
	NetworkErrorCode   Tag = 0x0423 // §5.3.2.31
	MessagePayload     Tag = 0x0424 // §5.3.2.32
	MessageState       Tag = 0x0427 // §5.3.2.35
)

// TLV is an optional parameter.
type TLV struct {
	Tag   Tag
	Value []byte
}

// TLVs are the optional parameters of a unit, in their order.
type TLVs []TLV

// Get gives the value of the first parameter of a kind.
func (t TLVs) Get(tag Tag) ([]byte, bool) {
	for _, v := range t {
		if v.Tag == tag {
			return v.Value, true
		}
	}
	return nil, false
}

// tlvs reads all that is left.
func (r *reader) tlvs() TLVs {
	var all TLVs
	for r.err == nil && len(r.rest) > 0 {
		head := r.octets("a tag", 4)
		if r.err != nil {
			break
		}
		value := r.octets("a value", int(binary.BigEndian.Uint16(head[2:])))
		if r.err == nil {
			all = append(all, TLV{Tag(binary.BigEndian.Uint16(head)), value})
		}
	}
	return all
}

func (w *writer) tlvs(all TLVs) {
	for _, t := range all {
		if len(t.Value) > 0xFFFF {
			w.fail("a value")
			return
		}
		w.b = binary.BigEndian.AppendUint16(w.b, uint16(t.Tag))
		w.b = binary.BigEndian.AppendUint16(w.b, uint16(len(t.Value)))
		w.b = append(w.b, t.Value...)
	}
}
