// Has one picture of the camera after the other looked at, as fast as the decoder can, and passes on the codes that are in them.

/** Watch a camera for as long as the page lives. `found` is called with the bytes of the codes of each picture that has some. */
export async function watch(camera, decoder, found) {
  await decoder.ready.catch(() => new Promise(() => {})); // without a decoder there is nothing to watch for
  let isLooking = false;

  const look = async () => {
    const picture = camera.picture();
    const codes = picture ? await decoder.codes(picture) : [];
    if (codes.length) found(codes);
    if (camera.state === "live") camera.onPicture(look);
    else isLooking = false;
  };
  const begin = () => {
    if (isLooking || camera.state !== "live") return;
    isLooking = true;
    camera.onPicture(look);
  };
  camera.addEventListener("state", begin);
  begin();
}
