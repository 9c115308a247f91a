#!/usr/bin/python3
"""A private CA and server certificates, made with the openssl command line; and the server's TLS context.

Run: core/tls.py DIR makes ca.pem, good.pem/.key, expired.pem/.key, wrong_host.pem/.key and, signed by a CA
that nobody was told about, unknown_ca.pem/.key.
"""
import pathlib
import ssl
import subprocess
import sys


def _openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def make_ca(folder, name="ca"):
    """Returns (certificate, key) of a new CA."""
    cert, key = pathlib.Path(folder) / f"{name}.pem", pathlib.Path(folder) / f"{name}.key"
    _openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", 30,
             "-subj", f"/CN=Millrace test {name}", "-addext", "basicConstraints=critical,CA:TRUE",
             "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    return cert, key


def make_cert(folder, ca, name, hosts=("localhost", "127.0.0.1"), days=30):
    """Returns (certificate, key) signed by `ca`; negative `days` make one that has expired."""
    folder = pathlib.Path(folder)
    cert, key, request, extensions = (folder / f"{name}{end}" for end in (".pem", ".key", ".csr", ".ext"))
    names = ",".join(("IP:" if host[0].isdigit() else "DNS:") + host for host in hosts)
    extensions.write_text(f"subjectAltName={names}\nextendedKeyUsage=serverAuth\n")
    _openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, "-subj", f"/CN={hosts[0]}")
    _openssl("x509", "-req", "-in", request, "-CA", ca[0], "-CAkey", ca[1], "-CAcreateserial", "-days", days,
             "-extfile", extensions, "-out", cert)
    request.unlink()
    extensions.unlink()
    return cert, key


def make_all(folder):
    """The set that F11 needs: name -> (certificate, key)."""
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    ca, stranger = make_ca(folder), make_ca(folder, "stranger_ca")
    return {"ca": ca, "good": make_cert(folder, ca, "good"),
            "expired": make_cert(folder, ca, "expired", days=-1),
            "wrong_host": make_cert(folder, ca, "wrong_host", hosts=("other.example",)),
            "unknown_ca": make_cert(folder, stranger, "unknown_ca")}


def server_context(cert, key, variant="normal"):
    """`variant`: normal | tls1.0 (nothing newer) | sni (refuses a client that names no host)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if variant == "tls1.0":
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    elif variant == "sni":
        def require(_socket, name, _context):
            return None if name else ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        context.sni_callback = require
    context.load_cert_chain(cert, key)
    return context


if __name__ == "__main__":
    for name, (cert, key) in make_all(sys.argv[1]).items():
        print(name, cert, key)
