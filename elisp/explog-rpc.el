;;; explog-rpc.el --- Speak EPC with the explog server  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; This file has the messages that Emacs and the server exchange, and the
;; connection that carries them.  Messages are encoded and decoded as in
;; wire.py, the server's side.
;;
;; The connection is a subclass of jsonrpc.el's, which keeps the timers
;; and the callbacks of calls and waits for synchronous ones.  Our
;; subclass speaks EPC instead of JSON, keeps the calls that are made
;; before the server is ready, and answers the calls of the server.
;;
;; jsonrpc.el also has a class for processes.  It is of no use here: it
;; reads and writes JSON, and announces the end of each server in the
;; echo area, even when we stopped it.

;;; Code:

(require 'cl-lib)
(require 'explog-base)
(require 'jsonrpc)
(require 'map)

;;;; Errors

(defun explog-rpc-failure (code message)
  "Return the plist of an error with CODE and MESSAGE."
  (list :code code :message message :data nil))

(defconst explog-rpc-gc-threshold 50000000
  "Value of `gc-cons-threshold' while an answer is read, in bytes.
With the usual one, a long answer triggers several garbage collections,
each of which scans all of Emacs's memory.")

;;;; Encode messages

(defun explog-rpc-frame (&rest parts)
  "Return the frame of a message that consists of PARTS, unibyte strings.
A frame is six hexadecimal digits, then that many bytes: the message in
UTF-8 and a newline."
  (let ((body (apply #'concat parts)))
    (format "%06x%s\n" (1+ (length body)) body)))

(defun explog-rpc-print (object)
  "Return OBJECT encoded for the server, a unibyte string.
OBJECT is a string, number or symbol, or a list or vector of these."
  (let ((print-length nil) (print-level nil) (print-circle nil)
        (print-gensym nil) (print-quoted nil)
        (print-escape-newlines nil) (print-escape-control-characters nil)
        (print-escape-nonascii nil) (print-escape-multibyte nil)
        (float-output-format nil))
    (encode-coding-string (prin1-to-string (explog-rpc--plain object))
                          'utf-8-unix t)))

(defun explog-rpc--plain (object)
  "Return OBJECT with all text properties removed.
Signal an error if it contains a value that the server cannot read."
  (cond ((stringp object) (substring-no-properties object))
        ((or (symbolp object) (numberp object)) object)
        ((proper-list-p object) (mapcar #'explog-rpc--plain object))
        ((consp object) (cons (explog-rpc--plain (car object))
                              (explog-rpc--plain (cdr object))))
        ((vectorp object) (vconcat (mapcar #'explog-rpc--plain object)))
        (t (signal 'wrong-type-argument (list 'explog-rpc-data object)))))

;;;; Decode messages

(cl-defstruct (explog-rpc-input
               (:constructor explog-rpc-make-input) (:copier nil))
  "Bytes that were received and are not yet a complete message."
  (chunks nil :documentation "The bytes, unibyte strings, newest first.")
  (size 0 :documentation "The number of these bytes.")
  (need 6 :documentation "The size from which a message can be complete."))

(defun explog-rpc--take (input bytes)
  "Add BYTES to INPUT, and return the messages that are complete now.
However small the pieces of a message are, no byte is copied more than
twice.  Signal an error if the bytes are not frames."
  (push bytes (explog-rpc-input-chunks input))
  (when (>= (cl-incf (explog-rpc-input-size input) (length bytes))
            (explog-rpc-input-need input))
    (let ((all (apply #'concat (nreverse (explog-rpc-input-chunks input))))
          (start 0) need messages)
      (while (<= (+ start (setq need (explog-rpc--frame-size all start)))
                 (length all))
        (push (substring all (+ start 6) (+ start need)) messages)
        (cl-incf start need))
      (setf (explog-rpc-input-chunks input) (list (substring all start))
            (explog-rpc-input-size input) (- (length all) start)
            (explog-rpc-input-need input) need)
      (nreverse messages))))

(defun explog-rpc--frame-size (bytes start)
  "Return the length of the frame that begins at START in BYTES.
If its head is not complete yet, return the length of the head."
  (if (< (length bytes) (+ start 6))
      6
    (let ((head (substring bytes start (+ start 6))))
      (unless (string-match-p "\\`[[:xdigit:]]\\{6\\}\\'" head)
        (error "A message cannot begin with %S" head))
      (+ 6 (string-to-number head 16)))))

;; What may come is data alone: strings, numbers, symbols, lists, vectors.
;; All else that Emacs reads begins with a `#': strings with text
;; properties, which can hold code, records, hash tables, byte code, cycles.
;; The server writes a `#' in a string as an escape, and so one that
;; comes as it is stands for one of these.  To search for it costs
;; nothing; to look through what was read would cost as much as reading.

(defconst explog-rpc--long 10000
  "The size in bytes from which a message is read in a buffer.
That is much faster for long messages, and slower for short ones.")

(defconst explog-rpc--depth 100
  "How deep the lists and vectors of a long message may be nested.")

(defconst explog-rpc--syntax
  (let ((table (make-syntax-table)))
    (dolist (char '(?{ ?} ?$ ?%))
      (modify-syntax-entry char "_" table))
    (dolist (char '(?# ?' ?` ?, ?? ?\;)) ; what the server never writes
      (modify-syntax-entry char "<" table))
    table)
  "A syntax table for messages, in which all but data begins a comment.")

(defun explog-rpc--read (bytes)
  "Return the message in BYTES, a list.
If it cannot be read, return a list (unreadable KIND ID PROBLEM); ID is
nil if it cannot be read either."
  (condition-case err
      (let ((gc-cons-threshold (max gc-cons-threshold explog-rpc-gc-threshold)))
        (when (string-search "#" bytes)
          (error "It contains something other than data"))
        (if (< (length bytes) explog-rpc--long)
            (car (read-from-string (decode-coding-string bytes 'utf-8-unix t)))
          (explog-rpc--read-long bytes)))
    (error
     (let ((problem (format "A message of the server cannot be read: %s"
                            (error-message-string err))))
       `(unreadable ,@(explog-rpc--recover bytes)
                    ,(explog-rpc-failure "bad-message" problem))))))

(defun explog-rpc--read-long (bytes)
  "Return the message in BYTES, which may be long."
  (with-temp-buffer
    (insert bytes)
    (decode-coding-region (point-min) (point-max) 'utf-8-unix)
    (when (< emacs-major-version 29)
      (explog-rpc--check-depth))
    (goto-char (point-min))
    (read (current-buffer))))

(defun explog-rpc--check-depth ()
  "Signal an error if the message in the current buffer is nested too deep.
The reader of Emacs 28 would overflow its stack."
  (with-syntax-table explog-rpc--syntax
    (let ((state (parse-partial-sexp (point-min) (point-max)
                                     explog-rpc--depth nil nil t)))
      (unless (and (eobp) (eq 0 (car state)))
        (error "It is nested too deep, or contains something other than data")))))

(defun explog-rpc--recover (bytes)
  "Return (KIND ID) of BYTES, an unreadable message; both may be nil."
  (save-match-data
    (if (string-match "\\`(\\([a-z-]+\\) \\([0-9]\\{1,15\\}\\)[ )]" bytes)
        (list (match-string 1 bytes) (string-to-number (match-string 2 bytes)))
      (list nil nil))))

(defconst explog-rpc--longest-problem 2000
  "How many characters of an error's message are kept.")

(defun explog-rpc--error (value)
  "Return VALUE, the error in an answer, as a plist of strings and data."
  (if (and (proper-list-p value) (plist-get value :code))
      (list :code (explog-rpc--text (plist-get value :code))
            :message (explog-rpc--text (plist-get value :message))
            :data (plist-get value :data))
    (explog-rpc-failure "epc-error" (explog-rpc--text value))))

(defun explog-rpc--text (value)
  "Return VALUE as a string that is not too long to be shown."
  (let ((print-length 100) (print-level 10))
    (explog-visible
     (truncate-string-to-width (format "%s" value)
                               explog-rpc--longest-problem nil nil t))))

(defvar explog-rpc-functions (make-hash-table :test #'equal)
  "The functions that the server may call, by method name.")

;;;; Log

(defun explog-rpc-append (name text)
  "Append TEXT to the buffer NAME, and keep that from growing without limit."
  (with-current-buffer (get-buffer-create name)
    (let ((inhibit-read-only t))
      (buffer-disable-undo)
      (save-excursion
        (goto-char (point-max))
        (insert text)
        (when (> (buffer-size) 200000)
          (delete-region (point-min) (- (point-max) 100000)))))))

(defun explog-rpc-log (format &rest args)
  "Append the line FORMAT with ARGS to the buffer `*explog events*'."
  (explog-rpc-append
   "*explog events*"
   (concat (format-time-string "%T ") (apply #'format format args) "\n")))

;;;; Connections

(defclass explog-rpc-connection (jsonrpc-connection)
  ((state :initform 'waiting :accessor explog-rpc-state
          :documentation "`waiting', `starting', `ready' or `over'.")
   (deaths :initarg :deaths :initform 0 :reader explog-rpc-deaths
           :documentation "The number of servers that died in a row before this one.")
   (timer :initform nil :accessor explog-rpc-timer
          :documentation "The timer that starts the server or gives a slow start up.")
   (server :initform nil :accessor explog-rpc-server
           :documentation "The process of the server.")
   (token :initform nil :accessor explog-rpc-token
          :documentation "The secret that the server expects in the first call, hello.")
   (socket :initform nil :accessor explog-rpc-socket
           :documentation "The network process.")
   (since :initform nil :accessor explog-rpc-since
          :documentation "When it became ready, as of `float-time'.")
   (greeting :initform nil :accessor explog-rpc-greeting
             :documentation "The server's answer to hello, a plist.")
   (calls :initform (make-hash-table) :reader explog-rpc-calls
          :documentation "The calls that have not ended.
The keys are ids.  A value is t, or a function to call at the end.")
   (unsent :initform nil :accessor explog-rpc-unsent
           :documentation "The calls to send once it is ready, newest first.
Each is (ID . FRAME).")
   (inbox :initform nil :accessor explog-rpc--inbox
          :documentation "The messages to act on, oldest first."))
  "The connection to one server, from before its start until its end.")

(cl-defstruct (explog-rpc-request
               (:constructor explog-rpc-make-request) (:copier nil))
  "A call of a method; jsonrpc.el takes it for the parameters of the call."
  (text nil :documentation "The encoded arguments, bytes.")
  (id nil :documentation "The number of the call, once it is sent or kept."))

(defun explog-rpc-make-connection (deaths)
  "Return a new connection; DEATHS servers in a row died before it."
  (let ((args (list 'explog-rpc-connection :name "explog" :deaths deaths)))
    ;; jsonrpc.el is not to log each message in full.  The slot for that has
    ;; another name in Emacs 30 and in GNU ELPA's version.
    (condition-case nil
        (apply #'make-instance
               (append args '(:events-buffer-config (:size 0 :format short))))
      (invalid-slot-name
       (apply #'make-instance
              (append args '(:events-buffer-scrollback-size 0)))))))

(cl-defmethod jsonrpc-running-p ((conn explog-rpc-connection))
  "Return non-nil unless CONN is over."
  (not (eq 'over (explog-rpc-state conn))))

(cl-defmethod jsonrpc-connection-send ((conn explog-rpc-connection)
                                       &key id method params &allow-other-keys)
  "Send a call of METHOD with PARAMS, an `explog-rpc-request', on CONN.
If CONN is not ready yet, keep the call until it is.  ID is the number
of the call."
  (setf (explog-rpc-request-id params) id)
  (puthash id t (explog-rpc-calls conn))
  (let ((state (explog-rpc-state conn))
        (frame (explog-rpc-frame
                (format "(call %d " id) (explog-rpc-print method) " "
                (explog-rpc-request-text params) ")")))
    (cond ((eq state 'ready) (explog-rpc-write conn frame))
          ((eq state 'over) (explog-rpc-fail-later conn id "server-died" nil))
          (t (push (cons id frame) (explog-rpc-unsent conn))))))

(defun explog-rpc-write (conn frame)
  "Write FRAME to the socket of CONN."
  (condition-case err
      (process-send-string (explog-rpc-socket conn) frame)
    (error (explog-rpc--break conn "did not accept a call" err))))

(defun explog-rpc--break (conn what err)
  "Close CONN, because its server did WHAT, which led to the error ERR."
  (let ((socket (explog-rpc-socket conn)))
    (process-put socket 'explog-rpc-why
                 (format "%s (%s)" what (error-message-string err)))
    ;; The sentinel ends all calls with an error.  The call that is being
    ;; made here may not be among them yet, so let a timer do it.
    (run-at-time 0 nil #'delete-process socket)))

(defun explog-rpc--settle (conn id key value)
  "End the call ID on CONN with VALUE; KEY is `:result' or `:error'.
Do nothing if the call has ended already: jsonrpc.el of Emacs 28 fails
at an answer that nothing waits for."
  (when-let ((waiting (gethash id (explog-rpc-calls conn))))
    (remhash id (explog-rpc-calls conn))
    (if (functionp waiting)
        (funcall waiting key value)
      (jsonrpc-connection-receive conn (list :id id key value)))))

(defun explog-rpc-fail-later (conn id code message)
  "Let the call ID on CONN end soon with the error CODE and MESSAGE.
A timer does it, because the end of a synchronous call throws."
  (run-at-time 0 nil #'explog-rpc--settle conn id :error
               (explog-rpc-failure
                code (or message "The explog server has stopped"))))

;;;; Received messages

(defun explog-rpc-filter (socket bytes)
  "Receive BYTES from SOCKET, and act on the messages in them soon.
A timer does that: the answer to a synchronous call throws, and throwing
out of a process filter spoils Emacs's match data."
  (let ((conn (process-get socket 'explog-rpc-connection))
        (input (process-get socket 'explog-rpc-input)))
    (condition-case err
        (when-let ((messages (explog-rpc--take input bytes)))
          (setf (explog-rpc--inbox conn)
                (nconc (explog-rpc--inbox conn) messages))
          (run-at-time 0 nil #'explog-rpc--act conn))
      (error (explog-rpc--break conn "sent something other than EPC" err)))))

(defun explog-rpc--act (conn)
  "Act on the messages in the inbox of CONN."
  (unwind-protect
      (save-match-data
        (while (explog-rpc--inbox conn)
          (explog-rpc--dispatch
           conn (explog-rpc--read (pop (explog-rpc--inbox conn))))))
    (when (explog-rpc--inbox conn)
      (run-at-time 0 nil #'explog-rpc--act conn))))

(defun explog-rpc--dispatch (conn message)
  "Act on MESSAGE, which came on CONN."
  (pcase message
    (`(return ,id ,value)
     (explog-rpc--settle conn id :result value))
    (`(,(or 'return-error 'epc-error) ,id . ,rest)
     (explog-rpc--settle conn id :error (explog-rpc--error (car rest))))
    (`(call ,id ,method ,args)
     (explog-rpc--answer conn id method args))
    (`(unreadable "call" ,id ,problem)
     (explog-rpc--reply conn id 'return-error problem))
    (`(unreadable ,_ ,id ,problem)
     (explog-rpc--settle conn id :error problem))
    (`(methods ,id)
     (explog-rpc--reply
      conn id 'return
      (mapcar (lambda (name) (list (intern name) nil ""))
              (map-keys explog-rpc-functions))))
    (`(return ,id . ,_)
     (explog-rpc--settle
      conn id :error
      (explog-rpc-failure "bad-message" "An answer of the server is no single value")))
    (_ (explog-rpc-log "Ignored an unknown message: %s" (explog-rpc--text message)))))

(defun explog-rpc--answer (conn id method args)
  "Answer the call ID of METHOD with ARGS on CONN, even if it fails."
  (let ((reply `(return-error ,(explog-rpc-failure
                                "aborted" "The function in Emacs did not return"))))
    (unwind-protect
        (setq reply (explog-rpc--perform (format "%s" method) args))
      (apply #'explog-rpc--reply conn id reply))))

(defun explog-rpc--perform (method args)
  "Call METHOD, a string, with ARGS, and return the reply (KIND VALUE)."
  (condition-case err
      (let ((function (gethash method explog-rpc-functions))
            (inhibit-interaction t)
            (inhibit-quit t))
        (unless function
          (signal 'explog-error (list "unknown-method"
                                      (format "Emacs has no method %s" method))))
        (list 'return (with-temp-buffer (apply function args))))
    (explog-error
     (list 'return-error (cl-mapcan #'list '(:code :message :data) (cdr err))))
    ((error quit)
     (list 'return-error (explog-rpc-failure
                          "emacs-error" (error-message-string err))))))

(defun explog-rpc--reply (conn id kind value)
  "Answer the call ID on CONN with VALUE; KIND is `return' or `return-error'."
  (when (eq 'ready (explog-rpc-state conn))
    (let ((text (condition-case err (explog-rpc-print value)
                  (error
                   (setq kind 'return-error)
                   (explog-rpc-print
                    (explog-rpc-failure "unencodable"
                                               (error-message-string err)))))))
      (explog-rpc-write
       conn (explog-rpc-frame (format "(%s %d " kind id) text ")")))))

(provide 'explog-rpc)
;;; explog-rpc.el ends here
