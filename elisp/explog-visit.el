;;; explog-visit.el --- Go to experiments and steps  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; `explog-visit' goes to an experiment or step by its id, or by words of
;; its title, from anywhere.  M-, comes back.
;;
;; The server knows which log has an experiment.  The position is found by
;; the id in the buffer, which may have unsaved changes, and never by a line
;; number.
;;
;; `explog-experiments-here' goes from a commit in magit or vc, or from a
;; file, to the experiment of the commit or of the file's commits.

;;; Code:

(require 'cl-lib)
(require 'explog-base)
(require 'explog-cache)
(require 'explog-complete)
(require 'explog-heading)
(require 'explog-log)
(require 'explog-point)
(require 'explog-ref)
(require 'explog-search)
(require 'explog-server)
(require 'explog-steps)
(require 'seq)
(require 'subr-x)

(declare-function org-fold-show-context "org-fold" (&optional key))
(declare-function org-show-context "org" (&optional key))
(declare-function xref-push-marker-stack "xref" (&optional m))
(declare-function dired-get-filename "dired" (&optional localp no-error-if-not-filep))
(declare-function magit-file-at-point "magit-git" (&optional expand assert))

;;;; Logs

(defun explog-visit-files (id)
  "Return the logs that have experiment ID.
If a buffer visits a log, the buffer is searched, saved or not."
  (let ((files (delete-dups (append (explog-visit--indexed id)
                                    (mapcar #'buffer-file-name
                                            (explog-log-modified-buffers))))))
    (seq-filter (lambda (file)
                  (let ((buffer (find-buffer-visiting file)))
                    (or (not buffer) (explog-visit-places buffer id))))
                files)))

(defun explog-visit--indexed (id)
  "Return the files of the logs that have experiment ID.
Ask the server; if it cannot tell, read the logs."
  (pcase (explog-server-try "places" (list id))
    (`(,files t) files)
    (_ (delete-dups (mapcar #'cadr (seq-filter (lambda (known) (equal id (car known)))
                                               (explog-log-ids)))))))

(defun explog-visit-places (buffer id)
  "Return the positions of experiment ID in BUFFER, even if it is narrowed."
  (with-current-buffer buffer
    (save-restriction
      (widen)
      (explog-log-places id))))

(defun explog-visit--archive-p (file)
  "Return non-nil if FILE is the archive of a log."
  (string-suffix-p "_archive" file))

(defun explog-visit-file (id)
  "Return the log that has experiment ID; ask if there are several.
An archive counts only if no other log has it."
  (let* ((all (explog-visit-files id))
         (files (or (seq-remove #'explog-visit--archive-p all) all)))
    (cond ((null files) (user-error "No log has experiment %s" id))
          ((cdr files)
           (explog-complete-read (format "%s is in several logs" id)
                                 (mapcar #'abbreviate-file-name
                                         (explog-visit--own-first files))
                                 :category 'file))
          (t (car files)))))

(defun explog-visit--own-first (files)
  "Return FILES, with the file of this buffer first if it is one of them."
  (let ((own (buffer-file-name (or (buffer-base-buffer) (current-buffer)))))
    (if (member own files)
        (cons own (remove own files))
      files)))

;;;; Positions
(defun explog-visit--place (buffer id)
  "Return the position of experiment ID in BUFFER; ask if there are several."
  (let ((places (explog-visit-places buffer id)))
    (cond ((null places)
           (user-error "%s does not have experiment %s any more"
                       (abbreviate-file-name (buffer-file-name buffer)) id))
          ((cdr places)
           (let ((choices (mapcar (lambda (place)
                                    (cons (explog-visit--line buffer place) place))
                                  places)))
             (explog-complete-read (format "%s is there twice" id) choices)))
          (t (car places)))))

(defun explog-visit--line (buffer position)
  "Return the number and the text of the line at POSITION in BUFFER."
  (with-current-buffer buffer
    (save-excursion
      (save-restriction
        (widen)
        (goto-char position)
        (format "%d: %s" (line-number-at-pos)
                (explog-heading-title (explog-heading-text)))))))

(defun explog-visit-step (buffer position number)
  "Return the position of step NUMBER of the experiment at POSITION, or nil.
BUFFER has the experiment."
  (with-current-buffer buffer
    (save-excursion
      (save-restriction
        (widen)
        (goto-char position)
        (explog-steps-position number)))))

;;;; Going there

(defun explog-visit-goto (id &optional step other-window)
  "Go to experiment ID, or to its STEP, a string like \"1\" or \"1.2\".
With OTHER-WINDOW, use another window.  Reveal hidden text there.  M-,
comes back."
  (let* ((file (expand-file-name (explog-visit-file id)))
         (visited (find-buffer-visiting file))
         (buffer (or visited (explog-visit--open file)))
         (done nil))
    (unwind-protect
        (let* ((heading (explog-visit--place buffer id))
               (place (and step (explog-visit-step buffer heading step))))
          (explog-visit--show buffer (or place heading) other-window)
          (setq done t)
          (explog-visit--caution file id (and (not place) step)))
      (unless (or done visited)
        (kill-buffer buffer)))))

(defun explog-visit--open (file)
  "Return a new buffer that visits FILE."
  (unless (file-readable-p file)
    (user-error "%s cannot be read" (abbreviate-file-name file)))
  (find-file-noselect file))

(defun explog-visit--show (buffer position other-window)
  "Show POSITION in BUFFER, in the selected window unless OTHER-WINDOW."
  (explog-visit--mark)
  (if other-window
      (pop-to-buffer buffer)
    (pop-to-buffer-same-window buffer))
  (unless (<= (point-min) position (point-max))
    (widen))
  (unless (= (point) position)
    (push-mark nil t))
  (goto-char position)
  (explog-visit-unfold)
  (recenter))

(defun explog-visit--mark ()
  "Let M-, come back to the current position."
  (require 'xref)
  (xref-push-marker-stack))

(defun explog-visit-unfold ()
  "Reveal hidden text around point in a log."
  (cond ((not (derived-mode-p 'org-mode)))
        ((fboundp 'org-fold-show-context) (org-fold-show-context 'link-search))
        ((fboundp 'org-show-context) (org-show-context 'link-search))))

(defun explog-visit--caution (file id missing)
  "Tell the user if FILE is an archive or if experiment ID has no step MISSING.
MISSING is nil if the step was found."
  (let ((said (delq nil (list (and missing (format "%s has no step %s" id missing))
                              (and (explog-visit--archive-p file)
                                   (format "%s is archived" id))))))
    (when said
      (message "explog: %s" (string-join said ", ")))))

;;;; The commands

;;;###autoload
(defun explog-visit (name &optional other-window)
  "Go to the experiment, step or commit with NAME.
NAME is an id like 201, a step like 201.1 or [e201.1], the hash of a
commit, or words to search for; it is completed by id and title.  With a
prefix argument OTHER-WINDOW, use another window.  M-, comes back."
  (interactive (list (explog-visit--read) current-prefix-arg))
  (let ((reference (explog-ref-parse name)))
    (cond ((and reference (explog-visit-files (car reference)))
           (explog-visit-goto (car reference) (cdr reference) other-window))
          ((and (string-match-p "\\`[0-9a-f]\\{7,64\\}\\'" name)
                (explog-visit--commit name)))
          ((and reference (string-match-p "\\`\\[?e" name))
           (user-error "No log has experiment %s" (car reference)))
          (t (explog-search-for name)))))

(defun explog-visit--read ()
  "Ask for the name of an experiment, step or commit."
  (let ((prompt "Experiment (id or words): "))
    (if (explog-cache-usable-p)
        (explog-read-experiment prompt nil nil t)
      (let ((choices (mapcar (pcase-lambda (`(,id ,_ ,heading))
                               (cons (concat id " " (explog-heading-title heading)) id))
                             (explog-log-ids))))
        (or (cdr (assoc (setq prompt (completing-read prompt choices)) choices))
            prompt)))))

(cl-defstruct (explog-visit-commit (:type vector) (:constructor nil) (:copier nil))
  "A commit that a hash may mean, as the server sends it."
  oid repository)

(defun explog-visit--commit (hash)
  "Show the commit HASH, whichever repository has it.
Return nil if none has it, or if the server does not run."
  (when-let ((rows (and (explog-server-ready-p)
                        (append (ignore-errors
                                  (explog-server-call-sync
                                   "find-commit" (list hash) :timeout 5))
                                nil)))
             (row (if (cdr rows)
                      (explog-visit--choose-commit hash rows)
                    (car rows))))
    (explog-visit--mark)
    (explog-search-visit-commit (explog-visit-commit-repository row)
                                (explog-visit-commit-oid row))
    t))

(defun explog-visit--choose-commit (hash rows)
  "Ask for one of ROWS, the commits that HASH may mean."
  (let ((choices (mapcar (lambda (row)
                           (cons (format "%s in %s"
                                         (substring (explog-visit-commit-oid row) 0 12)
                                         (abbreviate-file-name
                                          (explog-visit-commit-repository row)))
                                 row))
                         rows)))
    (explog-complete-read (format "There are several %s" hash) choices
                          :category 'explog-commit)))

;;;###autoload
(defun explog-mentions (id &optional step)
  "Show all mentions of experiment ID, or of its STEP, in logs and commits.
By default that is the one at point; with a prefix argument, ask."
  (interactive (let ((reference (explog-point-reference "Mentions of: ")))
                 (list (car reference) (cdr reference))))
  (explog-search-for (explog-ref-string id step)))

;;;; From a commit or file to its experiments

;;;###autoload
(defun explog-experiments-here (&optional other-window)
  "Go to the experiment of the commit at point, or of this file.
A commit leads to its references.  A file, which may also be the one at
point in Dired or magit, leads to the references of its commits.  If
there are several, choose one.  With a prefix argument OTHER-WINDOW, use
another window."
  (interactive "P")
  (let ((point (explog-point)))
    (if (and point (explog-point-commit point))
        (explog-experiments-here--of-commit point other-window)
      (explog-experiments-here--of-file (or (explog-experiments-here--file)
                                (user-error "There is no commit or file here"))
                            other-window))))

(defun explog-visit-here-p ()
  "Return non-nil if there is a commit or file for `explog-experiments-here'."
  (if-let ((point (explog-point)))
      (or (explog-point-commit point) (explog-experiments-here--file))
    (explog-experiments-here--file)))

;;;; Commits

(defun explog-experiments-here--of-commit (point other-window)
  "Go to a reference of the commit in POINT.
OTHER-WINDOW is as in `explog-experiments-here'."
  (let ((references (explog-point-references point)))
    (unless references
      (user-error "%s refers to no experiment" (explog-point-commit point)))
    (explog-experiments-here--go
     (explog-experiments-here--choose
      "Experiment of this commit"
      (mapcar (lambda (reference) (cons reference nil)) references))
     other-window)))

;;;; Files

(defun explog-experiments-here--file ()
  "Return the file at point, or that of this buffer, or nil."
  (cond ((derived-mode-p 'dired-mode)
         (or (dired-get-filename nil t) (expand-file-name default-directory)))
        ((derived-mode-p 'magit-mode)
         (expand-file-name (or (magit-file-at-point) default-directory)))
        ((explog-point-message-p) nil)
        (t (buffer-file-name (or (buffer-base-buffer) (current-buffer))))))

(defconst explog-experiments-here--patience 10
  "Seconds that git may take to find the commits of a file.")

(defun explog-experiments-here--of-file (file other-window)
  "Go to an experiment whose commits changed FILE.
OTHER-WINDOW is as in `explog-experiments-here'."
  (let ((rows (explog-experiments-here--ask file)))
    (when (zerop (length rows))
      (user-error "No commit for an experiment touched %s" (abbreviate-file-name file)))
    (explog-experiments-here--go
     (explog-experiments-here--choose
      (format "Experiments that touched %s"
              (file-name-nondirectory (directory-file-name file)))
      (mapcar (lambda (row) (cons (list (explog-experiments-here-row-experiment row))
                              (explog-experiments-here--note row))) rows))
     other-window)))

(cl-defstruct (explog-experiments-here-row (:type vector) (:constructor nil) (:copier nil))
  "An experiment whose COMMITS (a number) touched a file, the last at TIME."
  experiment commits time)

(defun explog-experiments-here--ask (file)
  "Return the experiments whose commits changed FILE.
They are a vector of `explog-experiments-here-row'.  The server has to
ask git, which may take a moment; any key ends the wait."
  (when (file-remote-p file)
    (user-error "%s is on another machine, where nothing is looked at" file))
  (let ((rows (explog-point-ask "experiments-of-file" (list file)
                                :timeout explog-experiments-here--patience
                                :cancel-on-input 'typed)))
    (if (eq rows 'typed)
        (user-error "Git was still looking for the commits that touched %s"
                    (abbreviate-file-name file))
      rows)))

(defun explog-experiments-here--note (row)
  "Return how many commits the experiment in ROW has, and when the last was made."
  (let ((commits (explog-experiments-here-row-commits row)))
    (format "%d commit%s, the last on %s" commits (if (= 1 commits) "" "s")
            (format-time-string "%Y-%m-%d" (explog-experiments-here-row-time row)))))

;;;; Choosing and going

(defun explog-experiments-here--choose (prompt choices)
  "Ask with PROMPT for one of CHOICES, unless there is only one.
Each is ((ID . STEP) . NOTE), NOTE being nil or a string to show; return
\(ID . STEP)."
  (if (null (cdr choices))
      (caar choices)
    (let* ((titles (explog-experiments-here--titles))
           (names (mapcar (pcase-lambda (`((,id . ,step) . ,note))
                            (cons (string-trim-right
                                   (concat id (and step ".") step " "
                                           (gethash id titles "")))
                                  (cons (cons id step) note)))
                          choices)))
      (car (explog-complete-read
            prompt names :category 'explog-experiment
            :annotate (lambda (name)
                        (let ((note (cddr (assoc name names))))
                          (if note (concat "  " note) ""))))))))

(defun explog-experiments-here--titles ()
  "Return a hash table with the titles of all experiments by id."
  (let ((titles (make-hash-table :test #'equal)))
    (dolist (summary (explog-cache-experiments-fetch) titles)
      (puthash (explog-cache-summary-ident summary) (explog-cache-summary-title summary) titles))))

(defun explog-experiments-here--go (reference other-window)
  "Go to REFERENCE, (ID . STEP).
OTHER-WINDOW is as in `explog-experiments-here'."
  (explog-visit-goto (car reference) (cdr reference) other-window))

(provide 'explog-visit)
;;; explog-visit.el ends here
