;;; explog-test.el --- What the tests of Emacs Lisp share  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; Logs in a folder of their own, and a way to do what the server does to
;; a buffer.

;;; Code:

(require 'cl-lib)
(require 'ert)
(require 'explog)
(require 'explog-cache)
(require 'explog-edit)
(require 'explog-log)
(require 'explog-test-wait)
(require 'org)
(require 'subr-x)

(defvar explog-test-folder nil
  "The folder of the test that runs, with a slash.")

(defconst explog-test-log "\
#+TITLE: Log
#+TODO: TODO INPROGRESS WAIT | DONE

* TODO [201] ABC in XYZ model [0%]   :@work:exp:
:PROPERTIES:
:ID:       201
:END:
[2018-06-06 Wed 16:16]

- Test if adding ABC to XYZ improves results, see [202].

** TODO Experiments [0/2]
1. [ ] Test XYZ without ABC
2. [ ] Test XYZ with ABC

** TODO Conclusions

* DONE [202] DEF in XYZ model [100%]   :exp_vision:

** DONE Experiments [1/1]
1. [X] Test DEF (83d45cd)
"
  "A log with two experiments.")

;;;; What is known

(defun explog-test-experiment (&rest slots)
  "Return what the cache has of an experiment with SLOTS, keywords and values.
That of `:steps' is a list of lists as for `make-explog-cache-step'."
  (apply #'make-explog-cache-experiment
         (plist-put (copy-sequence slots) :steps
                    (mapcar (lambda (step) (apply #'make-explog-cache-step step))
                            (plist-get slots :steps)))))

;;;; Keys

(defmacro explog-test-with-key (key command advice &rest body)
  "Do BODY in a buffer of its own, where KEY is COMMAND with ADVICE around it."
  (declare (indent 3) (debug t))
  `(let ((map (current-global-map)))
     (unwind-protect
         (progn
           (use-global-map (let ((keys (make-sparse-keymap)))
                             (set-keymap-parent keys map)
                             (define-key keys (kbd ,key) ,command)
                             keys))
           (save-window-excursion
             (switch-to-buffer (generate-new-buffer "*Org start*"))
             (setq default-directory explog-test-folder)
             (advice-add ,command :around ,advice)
             ,@body))
       (advice-remove ,command ,advice)
       (use-global-map map))))

;;;; Files

(defmacro explog-test-in-folder (&rest body)
  "Do BODY with a new folder, and leave no file, buffer or option behind."
  (declare (indent 0) (debug t))
  `(let* ((explog-test-folder (file-name-as-directory
                               (file-truename (make-temp-file "explog test é-" t))))
          (default-directory explog-test-folder)
          (explog-logs (list explog-test-folder))
          (explog-repositories nil)
          (buffers (buffer-list)))
     (unwind-protect
         (progn ,@body)
       (explog-test--kill-others buffers)
       (explog-test--remove explog-test-folder))))

(defun explog-test--kill-others (buffers)
  "Kill all buffers but BUFFERS, without a question."
  (dolist (buffer (seq-difference (buffer-list) buffers))
    (when (and (buffer-live-p buffer)
               (or (buffer-file-name (or (buffer-base-buffer buffer) buffer))
                   (string-match-p "\\`\\*\\(Org\\|Agenda\\)" (buffer-name buffer))))
      (with-current-buffer buffer
        (set-buffer-modified-p nil)
        (kill-buffer)))))

(defun explog-test--remove (folder)
  "Delete FOLDER, whatever its permissions."
  (dolist (file (directory-files-recursively folder "" t))
    (ignore-errors (set-file-modes file #o700)))
  (delete-directory folder t))

(defun explog-test-write (name text &optional coding)
  "Write TEXT into the file NAME of the test's folder, and return its name.
CODING is utf-8-unix by default."
  (let ((file (expand-file-name name explog-test-folder))
        (coding-system-for-write (or coding 'utf-8-unix))
        (inhibit-message t))
    (make-directory (file-name-directory file) t)
    (write-region text nil file nil 'silent)
    file))

(defun explog-test-bytes (file)
  "Return the bytes of FILE, or nil if there is no such file."
  (when (file-exists-p file)
    (with-temp-buffer
      (set-buffer-multibyte nil)
      (insert-file-contents-literally file)
      (buffer-string))))

(defmacro explog-test-with-log (text &rest body)
  "Do BODY in a buffer that visits the file `log.org' with TEXT.
The variable `file' is its name."
  (declare (indent 1) (debug t))
  `(explog-test-in-folder
     (let ((file (explog-test-write "log.org" ,text)))
       (ignore file)
       (with-current-buffer (find-file-noselect file)
         ,@body))))

(defun explog-test-goto (text)
  "Go to the beginning of TEXT in the buffer."
  (goto-char (point-min))
  (search-forward text)
  (goto-char (match-beginning 0)))

;;;; What the server does

(defun explog-test-edits (id &rest marks)
  "Return the edits that MARKS make in the entry ID of the current buffer.
Each of MARKS is (STEP HASH), STEP being the number of a top step."
  (let ((lines (split-string
                (save-restriction
                  (widen)
                  (explog-edit--text (explog-log-find id)))
                "\n"))
        edits)
    (pcase-dolist (`(,step ,hash) marks)
      (let* ((line (seq-position lines (format "%d. [ ] " step)
                                 (lambda (line start) (string-prefix-p start line))))
             (old (nth line lines)))
        (push (list line old (format "%s (%s)" (string-replace "[ ]" "[X]" old) hash))
              edits)))
    (nreverse edits)))

(defun explog-test-edit (id &rest marks)
  "Make MARKS in the entry ID of the current buffer, as `explog-test-edits' has it.
Return what was said."
  (explog-test-apply id (apply #'explog-test-edits id marks)))

(defvar explog-start-state)

(defun explog-test-apply (id edits)
  "Make EDITS in the entry ID of the file of the current buffer.
Return what was said, or the error.  A question would be an error too:
in batch mode nobody is there to answer."
  (let ((file (buffer-file-name (or (buffer-base-buffer) (current-buffer))))
        (windows (window-list))
        (explog-start-state nil))         ; which adds a message the first time
    (prog1 (explog-test-messages
             (with-temp-buffer
               (pcase-dolist (`(,_ ,why) (explog-edit-file
                                          file `((,id ,edits ("e201.1 ← abc1234 (proj)")))))
                 (error "%s" why))))
      (should (equal windows (window-list))))))

(defmacro explog-test-messages (&rest body)
  "Do BODY and return what it said in the echo area, and its error if any."
  (declare (indent 0) (debug t))
  `(let ((inhibit-message t)
         (failure nil))
     (with-current-buffer (messages-buffer)
       (let ((inhibit-read-only t))
         (erase-buffer)))
     (condition-case err
         (progn ,@body)
       (error (setq failure (error-message-string err))))
     (string-trim
      (concat (with-current-buffer (messages-buffer)
                (buffer-string))
              failure))))

(provide 'explog-test)
;;; explog-test.el ends here
