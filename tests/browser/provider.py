"""An identity provider of OpenID Connect, as small as one can be, which lets one person in without a question."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "emoviz", "a secret that the provider gave"


@contextmanager
def provider(address: str) -> Iterator[str]:
    """Run the provider, and give its address.

    Args:
        address: e-mail address of the person.
    """
    key = RSAKey.generate_key(2048, parameters={"kid": "one", "use": "sig", "alg": "RS256"})
    asked: dict[str, str] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            place, query = urlsplit(self.path), parse_qs(urlsplit(self.path).query)
            if place.path == "/.well-known/openid-configuration":
                self.tell({
                    "issuer": own, "authorization_endpoint": f"{own}/authorize", "token_endpoint": f"{own}/token",
                    "jwks_uri": f"{own}/keys", "id_token_signing_alg_values_supported": ["RS256"],
                    "code_challenge_methods_supported": ["S256"],
                })  # fmt: skip
            elif place.path == "/keys":
                self.tell({"keys": [key.as_dict(private=False)]})
            else:
                assert query["client_id"] == [CLIENT] and query["response_type"] == ["code"]
                asked["nonce"] = query["nonce"][0]
                self.send_response(302)
                back = urlencode({"code": "a code", "state": query["state"][0]})
                self.send_header("Location", f"{query['redirect_uri'][0]}?{back}")
                self.end_headers()

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            assert form["code"] == ["a code"] and form["code_verifier"]
            now = int(time.time())
            claims = {"iss": own, "aud": CLIENT, "sub": "1", "iat": now, "exp": now + 600, "nonce": asked["nonce"]}
            claims |= {"email": address, "email_verified": True}
            token = jwt.encode({"alg": "RS256", "kid": "one"}, claims, key)
            self.tell({"access_token": "a token", "token_type": "Bearer", "id_token": token, "expires_in": 600})

        def tell(self, what: object) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(what).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing of requests."""

    server = ThreadingHTTPServer(("localhost", 0), Handler)
    own = f"http://localhost:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield own
    server.shutdown()
    server.server_close()
