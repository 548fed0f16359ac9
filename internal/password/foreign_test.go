package password

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/secret"
)

// b64 turns hexadecimal into base64.
func b64(t *testing.T, text string) string {
	t.Helper()
	raw, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(raw)
}

// TestForeignHashes verifies hashes that others published, or that tools of others made.
func TestForeignHashes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, password string
		hash           Import
	}{
		// The test vectors of bcrypt's own crypt_blowfish.
		{"bcrypt 2a", "U*U", Import{Type: TypeBcrypt, Hash: "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"}},
		{"bcrypt 2y", "U*U", Import{Type: TypeBcrypt, Hash: "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"}},
		{"bcrypt 2b", "U*U*U", Import{Type: TypeBcrypt, Hash: "$2b$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"}},
		// RFC 7914 §12.
		{"scrypt", "pleaseletmein", Import{
			Type: TypeScrypt, Hash: b64(t, "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"+
				"d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"),
			Scrypt: &ScryptConfig{Salt: base64.StdEncoding.EncodeToString([]byte("SodiumChloride")), N: 16384, R: 8, P: 1, KeyLen: 64},
		}},
		// Passlib's documentation.
		{"scrypt PHC", "password", Import{
			Type: TypeScrypt, Hash: "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
		}},
		// The test vectors of the reference implementation, P-H-C/phc-winner-argon2.
		{"argon2i", "password", Import{
			Type: TypeArgon2i, Hash: "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA",
		}},
		{"argon2id", "password", Import{
			Type: TypeArgon2id, Hash: "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		}},
		{"argon2id in hexadecimal", "password", Import{
			Type: TypeArgon2id, Hash: "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe",
			Argon2: &Argon2Config{Salt: "somesalt", Passes: 2, MemoryKiB: 256, Threads: 1, KeyLen: 32},
		}},
		// RFC 1321 §A.5, RFC 3174 and FIPS 180-4.
		{"MD5", "message digest", Import{Type: TypeMD5, Hash: "f96b697d7cb7938d525a2f31aaf161d0"}},
		{"MD5 with salts", "sage", Import{
			Type: TypeMD5, Hash: "F96B697D7CB7938D525A2F31AAF161D0", Salts: &Salts{Prepend: "mes", Append: " digest"},
		}},
		{"SHA-1", "abc", Import{Type: TypeSHA1, Hash: "a9993e364706816aba3e25717850c26c9cd0d89d"}},
		{"SHA-512", "abc", Import{Type: TypeSHA512, Hash: "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea2" +
			"0a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"}},
		// phpass's own test program.
		{"phpass", "test12345", Import{Type: TypePHPass, Hash: "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0"}},
		{"phpass of phpBB", "test12345", Import{Type: TypePHPass, Hash: "$H$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0"}},
		// RFC 7914 §11.
		{"PBKDF2", "Password", Import{
			Type: TypePBKDF2, Hash: b64(t, "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"+
				"a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d"),
			PBKDF2: &PBKDF2Config{Salt: base64.StdEncoding.EncodeToString([]byte("NaCl")), Rounds: 80000, KeyLen: 64},
		}},
		// Published beside RFC 6070's cases, for HMAC-SHA-512.
		{"PBKDF2 SHA-512", "password", Import{
			Type: TypePBKDF2, Hash: b64(t, "867f70cf1ade02cff3752599a3a53dc4af34c7a669815ae5d513554e1c8cf252"+
				"c02d470a285a0501bad999bfe943c08f050235d7d68b1da55e63f73b60a57fce"),
			PBKDF2: &PBKDF2Config{Salt: base64.StdEncoding.EncodeToString([]byte("salt")), Rounds: 1, KeyLen: 64, Algorithm: "sha512"},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, err := c.hash.Read()
			if err != nil {
				t.Fatal(err)
			}
			right := compare(f.keep(), secret.String(c.password))
			if !right.right {
				t.Fatal("the right password is wrong")
			}
			if v := compare(right.renewed, secret.String(c.password)); !v.right || v.renewed != "" {
				t.Errorf("the new hash: %+v, want right and nothing to renew", v)
			}
			if f.matches([]byte("")) || f.matches([]byte(c.password+"x")) {
				t.Error("a wrong password is right")
			}
		})
	}
}

func TestOwnHash(t *testing.T) {
	t.Parallel()
	hash := Hash("correct horse")
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash %q", hash)
	}
	if again := Hash("correct horse"); again == hash {
		t.Error("two hashes have one salt")
	}
	if v := compare(hash, "correct horse"); !v.right || v.renewed != "" {
		t.Errorf("right: %+v", v)
	}
	for _, wrong := range []secret.String{"", "correct hors", "Correct horse", secret.String(strings.Repeat("x", MaxLength+1))} {
		if compare(hash, wrong).right {
			t.Errorf("%q is right", wrong.Reveal())
		}
	}
	for _, stored := range []string{"", "x", foreignPrefix, foreignPrefix + "{}", dummy} {
		if compare(stored, "").right {
			t.Errorf("the empty password is right for %q", stored)
		}
	}
	weak := "$argon2id$v=19$m=64,t=1,p=1$" + unpadded.EncodeToString([]byte("somesalt")) + "$" +
		unpadded.EncodeToString(argon2.IDKey([]byte("a"), []byte("somesalt"), 1, 64, 1, 32))
	if v := compare(weak, "a"); !v.right || !strings.HasPrefix(v.renewed, "$argon2id$v=19$m=19456,") {
		t.Errorf("a hash of other parameters: %+v, want it renewed", v)
	}
}

// TestHashesThatCannotBe has a case for each error of a migration, and for each bound on work and memory.
func TestHashesThatCannotBe(t *testing.T) {
	t.Parallel()
	const salt, key = "c2FsdHNhbHQ=", "AAECAwQFBgcICQoLDA0ODw==" // 8 and 16 bytes
	hexKey := strings.Repeat("ab", 16)
	scryptOf := func(hash, salt string, n, r, p, size int32) Import {
		return Import{Type: TypeScrypt, Hash: hash, Scrypt: &ScryptConfig{Salt: salt, N: n, R: r, P: p, KeyLen: size}}
	}
	argonOf := func(hash, salt string, passes, memory, threads, size int32) Import {
		return Import{Type: TypeArgon2id, Hash: hash, Argon2: &Argon2Config{salt, passes, memory, threads, size}}
	}
	pbkdf2Of := func(hash, salt string, rounds, size int32, algorithm string) Import {
		return Import{Type: TypePBKDF2, Hash: hash, PBKDF2: &PBKDF2Config{salt, rounds, size, algorithm}}
	}
	long := strings.Repeat("x", maxSalt+1)
	bcrypt := "$2a$%$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
	for _, c := range []struct {
		name string
		in   Import
		want *errs.Error
	}{
		{"no type", Import{Type: "crc_32", Hash: "00"}, errs.InvalidArgument},
		{"long hash", Import{Type: TypeMD5, Hash: strings.Repeat("0", maxHash+1)}, errs.InvalidArgument},
		{"bcrypt, text", Import{Type: TypeBcrypt, Hash: "hello"}, errs.InvalidBcryptHash},
		{"bcrypt 2x", Import{Type: TypeBcrypt, Hash: strings.Replace(bcrypt, "2a$%", "2x$05", 1)}, errs.InvalidBcryptHash},
		{"bcrypt, cheap", Import{Type: TypeBcrypt, Hash: strings.Replace(bcrypt, "%", "03", 1)}, errs.InvalidBcryptCost},
		{"bcrypt, dear", Import{Type: TypeBcrypt, Hash: strings.Replace(bcrypt, "%", "15", 1)}, errs.InvalidBcryptCost},
		{"bcrypt, endless", Import{Type: TypeBcrypt, Hash: strings.Replace(bcrypt, "%", "31", 1)}, errs.InvalidBcryptCost},
		{"scrypt alone", Import{Type: TypeScrypt, Hash: key}, errs.InvalidScryptParameters},
		{"scrypt, no power", scryptOf(key, salt, 1000, 8, 1, 16), errs.InvalidScryptNParameter},
		{"scrypt, N of one", scryptOf(key, salt, 1, 8, 1, 16), errs.InvalidScryptNParameter},
		{"scrypt, N too large", scryptOf(key, salt, 524288, 8, 1, 16), errs.InvalidScryptNParameter},
		{"scrypt, negative N", scryptOf(key, salt, -1024, 8, 1, 16), errs.InvalidScryptNParameter},
		{"scrypt, r of none", scryptOf(key, salt, 1024, 0, 1, 16), errs.InvalidScryptParameters},
		{"scrypt, memory", scryptOf(key, salt, 262144, 9, 1, 16), errs.InvalidScryptParameters},
		{"scrypt, memory by r", scryptOf(key, salt, 1024, 1<<30, 1, 16), errs.InvalidScryptParameters},
		{"scrypt, work by p", scryptOf(key, salt, 1024, 8, 1<<30, 16), errs.InvalidScryptParameters},
		{"scrypt, hash", scryptOf("???", salt, 1024, 8, 1, 16), errs.InvalidBase64ScryptHash},
		{"scrypt, salt", scryptOf(key, "???", 1024, 8, 1, 16), errs.InvalidBase64ScryptSalt},
		{"scrypt, no salt", scryptOf(key, "", 1024, 8, 1, 16), errs.InvalidScryptSaltLength},
		{"scrypt, length", scryptOf(key, salt, 1024, 8, 1, 32), errs.ScryptKeyLengthMismatch},
		{"scrypt PHC, N", Import{Type: TypeScrypt, Hash: "$scrypt$ln=31,r=8,p=1$" + salt + "$" + key}, errs.InvalidScryptNParameter},
		{"scrypt PHC, r", Import{Type: TypeScrypt, Hash: "$scrypt$ln=18,r=64,p=1$" + salt + "$" + key}, errs.InvalidScryptParameters},
		{"argon2 alone", Import{Type: TypeArgon2id, Hash: hexKey}, errs.InvalidArgon2Hash},
		{"argon2 of the other kind", Import{Type: TypeArgon2id, Hash: "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$" + key}, errs.InvalidArgon2Hash},
		{"argon2 of version 16", Import{Type: TypeArgon2i, Hash: "$argon2i$v=16$m=64,t=1,p=1$c29tZXNhbHQ$" + key}, errs.InvalidArgon2Hash},
		{"argon2, memory encoded", Import{Type: TypeArgon2id, Hash: "$argon2id$v=19$m=999999999,t=1,p=1$c29tZXNhbHQ$" + key}, errs.InvalidArgon2Memory},
		{"argon2, base64", argonOf(key, "somesalt", 1, 64, 1, 16), errs.InvalidArgon2Hash},
		{"argon2, no salt", argonOf(hexKey, "", 1, 64, 1, 16), errs.InvalidArgon2Salt},
		{"argon2, long salt", argonOf(hexKey, long, 1, 64, 1, 16), errs.InvalidArgon2Salt},
		{"argon2, no passes", argonOf(hexKey, "somesalt", 0, 64, 1, 16), errs.InvalidArgon2IterationAmount},
		{"argon2, passes", argonOf(hexKey, "somesalt", 1<<30, 64, 1, 16), errs.InvalidArgon2IterationAmount},
		{"argon2, passes over much", argonOf(hexKey, "somesalt", 5, 262144, 1, 16), errs.InvalidArgon2IterationAmount},
		{"argon2, little memory", argonOf(hexKey, "somesalt", 1, 7, 1, 16), errs.InvalidArgon2Memory},
		{"argon2, memory", argonOf(hexKey, "somesalt", 1, 262145, 1, 16), errs.InvalidArgon2Memory},
		{"argon2, threads", argonOf(hexKey, "somesalt", 1, 4096, 17, 16), errs.InvalidArgon2Threads},
		{"argon2, no threads", argonOf(hexKey, "somesalt", 1, 64, 0, 16), errs.InvalidArgon2Threads},
		{"argon2, key length", argonOf(hexKey, "somesalt", 1, 64, 1, 3), errs.InvalidArgon2KeyLength},
		{"argon2, mismatch", argonOf(hexKey, "somesalt", 1, 64, 1, 32), errs.Argon2KeyLengthMismatch},
		{"MD5", Import{Type: TypeMD5, Hash: hexKey + "00"}, errs.InvalidMd5Hash},
		{"MD5 of other digits", Import{Type: TypeMD5, Hash: strings.Repeat("zz", 16)}, errs.InvalidMd5Hash},
		{"SHA-1", Import{Type: TypeSHA1, Hash: hexKey}, errs.InvalidSha1Hash},
		{"SHA-512", Import{Type: TypeSHA512, Hash: hexKey}, errs.InvalidSha512Hash},
		{"salt in front", Import{Type: TypeMD5, Hash: hexKey, Salts: &Salts{Prepend: long}}, errs.InvalidPrependSalt},
		{"salt behind", Import{Type: TypeMD5, Hash: hexKey, Salts: &Salts{Append: long}}, errs.InvalidAppendSalt},
		{"phpass, prefix", Import{Type: TypePHPass, Hash: "$Q$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0"}, errs.InvalidPhpassHashPrefix},
		{"phpass, short", Import{Type: TypePHPass, Hash: "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L"}, errs.InvalidPhpassHashFormat},
		{"phpass, rounds", Import{Type: TypePHPass, Hash: "$P$SIQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0"}, errs.InvalidPhpassHashFormat},
		{"phpass, digits", Import{Type: TypePHPass, Hash: "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L!"}, errs.InvalidPhpassHashFormat},
		{"PBKDF2 alone", Import{Type: TypePBKDF2, Hash: key}, errs.InvalidArgument},
		{"PBKDF2, hash", pbkdf2Of("???", salt, 1000, 16, ""), errs.InvalidPbkdf2Hash},
		{"PBKDF2, salt", pbkdf2Of(key, "???", 1000, 16, ""), errs.InvalidPbkdf2Salt},
		{"PBKDF2, rounds", pbkdf2Of(key, salt, 1<<30, 16, ""), errs.InvalidPbkdf2IterationAmount},
		{"PBKDF2, no rounds", pbkdf2Of(key, salt, 0, 16, ""), errs.InvalidPbkdf2IterationAmount},
		{"PBKDF2, algorithm", pbkdf2Of(key, salt, 1000, 16, "md5"), errs.InvalidPbkdf2Algorithm},
		{"PBKDF2, length", pbkdf2Of(key, salt, 1000, 32, ""), errs.Pbkdf2KeyLengthMismatch},
	} {
		if _, err := c.in.Read(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// FuzzImport reads anything without a panic, and what it takes verifies without one.
func FuzzImport(f *testing.F) {
	f.Add("phpass", "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0")
	f.Add("argon_2id", "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$AAECAwQFBgcICQoLDA0ODw")
	f.Add("scrypt", "$scrypt$ln=4,r=8,p=1$c29tZXNhbHQ$AAECAwQFBgcICQoLDA0ODw")
	f.Fuzz(func(t *testing.T, kind, hash string) {
		in := Import{Type: kind, Hash: hash}
		read, err := in.Read()
		if err != nil {
			return
		}
		if read.Memory > 1024 || read.N > 1024 || read.Type == TypeBcrypt || read.Type == TypePHPass {
			return // slow
		}
		read.matches([]byte("password"))
	})
}
