// Has one picture of the camera after the other looked at, as fast as the decoder can, and passes on the codes that are in them.

/** Milliseconds without a new picture after which a camera that should give some is opened again. */
const STUCK = 5000;

/** Watch a camera for as long as the page lives. `found` is called with the bytes of the codes of each picture that has some. */
export function watch(camera, decoder, found) {
  let turn = 0; // of which loop a picture is: there is one at a time
  let waitingSince = null;

  const wait = (mine) => {
    waitingSince = performance.now();
    camera.onPicture(() => look(mine));
  };
  const look = async (mine) => {
    if (mine !== turn) return;
    waitingSince = null;
    const picture = camera.picture();
    const codes = picture ? await decoder.codes(picture) : [];
    if (mine !== turn) return;
    if (codes.length) found(codes);
    wait(mine);
  };
  const begin = () => {
    turn += 1;
    waitingSince = null;
    if (camera.state === "live" && decoder.state === "ready") wait(turn);
  };
  camera.addEventListener("state", begin);
  decoder.addEventListener("state", begin);
  setInterval(() => {
    const isStuck = waitingSince !== null && performance.now() - waitingSince > STUCK;
    if (isStuck && !document.hidden) camera.open();
  }, STUCK);
  begin();
}
